/**
 * The candidate's way through the day, from the check of the machine to the end.
 *
 * Rules kept here: the server's stage decides which screen comes; what a reload needs is kept in
 * IndexedDB and removed only after the receipt; one window per sitting.
 */
import { reactive } from 'vue'
import { Refused, Unreachable } from '@/shared/api'
import type { Receipt, SittingState } from '@/shared/contract'
import { keepTicket } from './answers/held'
import { Store } from './answers/store'
import { backoff_ms, sleep } from './backoff'
import { Camera } from './camera/camera'
import { ServerClock } from './clock'
import { Ending } from './ending'
import { answerAsking, holdSitting } from './integrity/tab'
import { deviceFor, keepDevice, type KeptDevice } from './live/device'
import { Server } from './live/server'
import { LiveTransport } from './live/transport'
import { machineToken } from './machine'
import { openSeat, type Seat } from './seat'

export type Screen =
  | 'starting'
  | 'check'
  | 'sign_in'
  | 'notice'
  | 'face'
  | 'waiting'
  | 'exam'
  | 'tab'
  | 'receipt'
  | 'ended'

export interface VisitView {
  screen: Screen
  state: SittingState | null
  receipt: Receipt | null
  portraitUrl: string | null
  /** The last error that stops this screen; the screen says it in words. */
  error: unknown
  /** False while the server does not answer. */
  reachable: boolean
  noticeRead: boolean
  /** True while what an earlier page left is acknowledged by somebody who is not the server. */
  doubted: boolean
}

const POLL_MS = 2000

interface KeptVisit {
  token: string
  sitting_id: string
  /** Kept, so that a reload does not ask to read the notice again. */
  noticeRead: boolean
}

export class Visit {
  readonly view = reactive<VisitView>({
    screen: 'starting',
    state: null,
    receipt: null,
    portraitUrl: null,
    error: null,
    reachable: true,
    noticeRead: false,
    doubted: false,
  })
  readonly clock = new ServerClock()
  readonly camera = new Camera()
  readonly server = new Server(this.clock)
  readonly machine = machineToken()
  readonly store = new Store()
  readonly transport = new LiveTransport(this.server, this.clock)
  device: KeptDevice | null = null
  seat: Seat | null = null
  readonly ending = new Ending(this)
  #following = false
  #sitting_id = ''
  #portraitAsked = false

  /** Opens the computer's store, then takes up an unfinished sitting or begins with the check. */
  async begin(): Promise<void> {
    answerAsking()
    this.store.onBack(() => void this.#stored())
    if (!(await this.#takeUp())) this.view.screen = 'check'
  }

  /** Takes up the visit that an earlier page left; false when there is none, or no store to read. */
  async #takeUp(): Promise<boolean> {
    const kept = (await this.store.get('facts', 'visit').catch(() => undefined)) as
      KeptVisit | undefined
    // Meanwhile somebody may have signed in.
    if (kept === undefined || this.server.token !== null) return false
    this.server.token = kept.token
    this.view.noticeRead = kept.noticeRead
    this.#sitting_id = kept.sitting_id
    void this.#follow()
    return true
  }

  /** The store came late, or came back, perhaps empty: what a reload needs is kept there. */
  async #stored(): Promise<void> {
    if (this.server.token === null) {
      await this.#takeUp()
      return
    }
    await this.#keep()
    const { state } = this.view
    if (state !== null) await this.#keepTicket(state.candidate.ticket_no)
    if (this.device !== null) await keepDevice(this.store, this.device)
  }

  /** Signs in; rejects with the refusal for the screen to say. */
  async signIn(ticket_no: string, id_number: string): Promise<void> {
    const given = await this.server.signIn(ticket_no, id_number, this.machine ?? '')
    this.server.token = given.token
    this.#sitting_id = given.sitting_id
    await this.#keepTicket(ticket_no)
    await this.#keep()
    void this.#follow()
  }

  askSignIn(): void {
    this.view.screen = 'sign_in'
  }

  acceptNotice(): void {
    this.view.noticeRead = true
    void this.#keep()
    if (this.view.state !== null) this.#show(this.view.state)
  }

  /** The exam is over: shows the receipt while the last recordings go up. */
  finish(receipt: Receipt | null): void {
    this.view.receipt = receipt
    this.view.screen = 'receipt'
  }

  /** Back to the sign-in, keeping what is not sent. */
  async signInAgain(): Promise<void> {
    await this.#forget()
    location.replace(location.pathname)
  }

  /** Reads the state until the exam runs; the paper's own line takes over then. */
  async #follow(): Promise<void> {
    if (this.#following) return
    this.#following = true
    for (let failures = 0; this.#isFollowing();) {
      try {
        const state = await this.server.state()
        failures = 0
        this.view.reachable = true
        this.view.error = null
        await this.#take(state)
      } catch (error) {
        failures += 1
        await this.#failed(error)
      }
      if (this.#isFollowing()) await sleep(failures > 0 ? 500 + backoff_ms(failures) : POLL_MS)
    }
  }

  async #keep(): Promise<void> {
    const { noticeRead } = this.view
    const token = this.server.token ?? ''
    const kept: KeptVisit = { token, sitting_id: this.#sitting_id, noticeRead }
    await this.store.put('facts', kept, 'visit').catch(() => undefined)
  }

  async #keepTicket(ticket_no: string): Promise<void> {
    await keepTicket(this.store, this.#sitting_id, ticket_no).catch(() => undefined)
  }

  async #forget(): Promise<void> {
    await this.store.delete('facts', 'visit').catch(() => undefined)
  }

  #isFollowing(): boolean {
    return this.#following
  }

  async #failed(error: unknown): Promise<void> {
    this.view.reachable = !(error instanceof Unreachable)
    if (error instanceof Refused && error.kind === 'unauthenticated') {
      this.#following = false
      await this.#forget()
      this.view.screen = 'sign_in'
    } else this.view.error = error instanceof Refused ? error : null
  }

  async #take(state: SittingState): Promise<void> {
    this.view.state = state
    if (!this.#portraitAsked) {
      this.#portraitAsked = true
      this.view.portraitUrl = await this.#portrait()
    }
    const isRunning = state.stage === 'answering' || state.stage === 'paused'
    // Nobody is recorded before having read what is recorded, a late candidate neither.
    if (isRunning && this.view.noticeRead) await this.#enter(state)
    else {
      // The server waits for the device before it lets anyone wait for the paper.
      if (state.stage === 'ready' || state.stage === 'waiting') await this.#device(state)
      this.#show(state)
    }
  }

  async #device(state: SittingState): Promise<KeptDevice> {
    this.device = await deviceFor(this.store, this.server, state, this.device)
    return this.device
  }

  #show(state: SittingState): void {
    switch (state.stage) {
      case 'face':
        this.view.screen = this.view.noticeRead ? 'face' : 'notice'
        break
      case 'submitted':
      case 'ended':
        // Without a receipt the server is about to hand in: the next reading has it.
        this.view.screen = 'ended'
        if (state.receipt === null) break
        this.#following = false
        this.finish(state.receipt)
        void this.ending.readLeftovers(state)
        break
      default:
        this.view.screen = this.view.noticeRead || this.seat !== null ? 'waiting' : 'notice'
    }
  }

  /** The device first, then the paper, then the exam. */
  async #enter(state: SittingState): Promise<void> {
    if (!(await holdSitting(state.sitting_id))) {
      this.#following = false
      this.view.screen = 'tab'
      return
    }
    this.seat = await openSeat(this, state, await this.#device(state))
    this.#following = false
    this.view.screen = 'exam'
  }

  async #portrait(): Promise<string | null> {
    const image = await this.transport.portrait()
    return image === null ? null : URL.createObjectURL(image)
  }
}
