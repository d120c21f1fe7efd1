// A terminal of one's own beside the demo, enrolled as a technician does, on a link that can be cut.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Demo } from './demo'

const root = path.resolve(import.meta.dirname, '../..')
const bin = process.env.FENGSUI_BIN ?? path.join(root, 'bin')

interface Status {
  status: { backlog: { records: number }; lost?: number; sensors?: { id: string; taken?: number }[] }
}

export class Terminal {
  private readonly ends = new Set<Socket>()
  private child?: ChildProcess
  private passes = true

  private constructor(private readonly dir: string, private readonly link: Server, private readonly page: string, broker: string) {
    link.on('connection', (near) => {
      if (!this.passes) return void near.destroy()
      const at = broker.lastIndexOf(':')
      const far = connect(Number(broker.slice(at + 1)), broker.slice(0, at))
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.ends.add(one)
        one.on('error', () => one.destroy())
        one.on('close', () => { this.ends.delete(one); other.destroy() })
        one.pipe(other)
      }
    })
  }

  // enrol writes edge.yml, calls the command that the console showed, and starts the agent.
  static async enrol(demo: Demo, id: string, command: string): Promise<Terminal> {
    const dir = path.join(demo.data, id)
    await mkdir(dir, { recursive: true })
    const ports = JSON.parse(await readFile(path.join(demo.data, 'ports.json'), 'utf8')) as { TLS: string }
    const page = await listening()
    const status = address(page)
    await new Promise((done) => page.close(done))
    const link = await listening()
    const config = path.join(dir, 'edge.yml')
    await writeFile(config, `id: ${id}
name: 海安终端（演示）
division: "320685"
demo: true
data: ${dir}/data
firmware_configs: ${root}/firmware-configs
centre: {url: "${demo.url}", mqtt: "${address(link)}"}
status: {listen: "${status}"}
`)
    const words = command.slice(command.indexOf(' enrol ') + 1).split(' ')
    await promisify(execFile)(path.join(bin, 'fengsui-edge'), [...words, '--config', config])
    const made = new Terminal(dir, link, status, ports.TLS)
    await made.start()
    return made
  }

  private async start(): Promise<void> {
    const log = await open(path.join(this.dir, 'edge.log'), 'a')
    this.child = spawn(path.join(bin, 'fengsui-edge'), ['run', '--config', path.join(this.dir, 'edge.yml')], { stdio: ['ignore', log.fd, log.fd] })
    await log.close()
  }

  cut(): void {
    this.passes = false
    for (const one of this.ends) one.destroy()
  }

  mend(): void {
    this.passes = true
  }

  // status is what its own page says.
  async status(): Promise<Status['status']> {
    return ((await (await fetch(`http://${this.page}/status.json`)).json()) as Status).status
  }

  async stop(): Promise<void> {
    const child = this.child
    if (child && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    }
    this.cut()
    this.link.close()
  }
}

function listening(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

function address(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
