// The SDK's first entry: a session, its events, a prompt to its end, the record.
import { createOpencodeClient } from "@opencode-ai/sdk"

const [url, directory] = process.argv.slice(2)
const client = createOpencodeClient({ baseUrl: url, directory, throwOnError: true })

const { stream } = await client.event.subscribe()
const first = await stream.next()
const session = (await client.session.create({ body: { title: "From the SDK" } })).data
const types = []
let streamed = ""
const listening = (async () => {
  for await (const event of stream) {
    types.push(event.type)
    if (event.type === "message.part.delta") streamed += event.properties.delta
    if (event.type === "session.idle" && event.properties.sessionID === session.id) return
  }
})()
const answer = await client.session.prompt({
  path: { id: session.id },
  body: {
    model: { providerID: "fake", modelID: "m1" },
    parts: [{ type: "text", text: "what does it say?" }],
  },
})
await listening
const messages = (await client.session.messages({ path: { id: session.id } })).data
const read = {
  path: (await client.path.get()).data.directory,
  project: (await client.project.current()).data.vcs,
  agents: (await client.app.agents()).data.map((one) => one.name),
  commands: (await client.command.list()).data.map((one) => one.name),
  providers: (await client.config.providers()).data.providers.map((one) => one.id),
  connected: (await client.provider.list()).data.connected,
  file: (await client.file.read({ query: { path: "README.md" } })).data.content,
  files: (await client.find.files({ query: { query: "readme" } })).data,
  text: (await client.find.text({ query: { pattern: "Hel+o" } })).data[0].path.text,
  config: (await client.config.get()).data.model,
  mcp: (await client.mcp.status()).data,
  tools: (await client.tool.ids()).data,
  toast: (await client.tui.showToast({ body: { message: "hi", variant: "info" } })).data,
}
const gone = await client.session
  .get({ path: { id: "ses_unknown" }, throwOnError: false })
  .then((result) => ({ status: result.response.status, name: result.error.name }))
console.log(JSON.stringify({ first: first.value.type, answer: answer.data, types, streamed, messages, read, gone }))
process.exit(0)
