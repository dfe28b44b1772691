// The SDK's second entry: the same, and the reads of the `/api` family.
import { createOpencodeClient } from "@opencode-ai/sdk/v2"

const [url, directory] = process.argv.slice(2)
const client = createOpencodeClient({ baseUrl: url, directory, throwOnError: true })

const { stream } = await client.event.subscribe()
const first = await stream.next()
const session = (await client.session.create({ title: "From the SDK" })).data
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
  sessionID: session.id,
  model: { providerID: "fake", modelID: "m1" },
  parts: [{ type: "text", text: "what does it say?" }],
})
await listening
const messages = (await client.session.messages({ sessionID: session.id })).data
const location = { location: { directory } }
const read = {
  path: (await client.path.get()).data.directory,
  project: (await client.project.current()).data.vcs,
  agents: (await client.app.agents()).data.map((one) => one.name),
  commands: (await client.command.list()).data.map((one) => one.name),
  providers: (await client.config.providers()).data.providers.map((one) => one.id),
  connected: (await client.provider.list()).data.connected,
  file: (await client.file.read({ path: "README.md" })).data.content,
  files: (await client.find.files({ query: "readme" })).data,
  text: (await client.find.text({ pattern: "Hel+o" })).data[0].path.text,
  config: (await client.config.get()).data.model,
  mcp: (await client.mcp.status()).data,
  tools: (await client.tool.ids()).data,
  toast: (await client.tui.showToast({ message: "hi", variant: "info" })).data,
}
const api = {
  location: (await client.v2.location.get(location)).data.directory,
  models: (await client.v2.model.list(location)).data.data.map((one) => one.id),
  providers: (await client.v2.provider.list(location)).data.data.map((one) => one.id),
  agents: (await client.v2.agent.list(location)).data.data.map((one) => one.id),
  found: (await client.v2.fs.find({ query: "readme", ...location })).data.data,
  sessions: (await client.v2.session.list({ limit: 5 })).data.data.map((one) => one.id),
}
const gone = await client.session
  .get({ sessionID: "ses_unknown" }, { throwOnError: false })
  .then((result) => ({ status: result.response.status, name: result.error.name }))
console.log(JSON.stringify({ first: first.value.type, answer: answer.data, types, streamed, messages, read, api, session, gone }))
process.exit(0)
