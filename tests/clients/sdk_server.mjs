// The SDK starts the program that it finds as `opencode`, asks it, and stops it.
import { createOpencode } from "@opencode-ai/sdk"

const { client, server } = await createOpencode({
  port: 0,
  timeout: 60000,
  config: { model: "fake/m1", username: "from-the-sdk" },
})
const config = (await client.config.get({ throwOnError: true })).data
server.close()
console.log(JSON.stringify({ url: server.url, config }))
process.exit(0)
