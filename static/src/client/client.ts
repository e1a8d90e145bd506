import { createBoard } from './board';
import type { Board } from './board';
import { createConnection, FIRST_SEATS } from './connection';
import type { Connection } from './connection';
import { badlyReceived, inspect, type Inspection, type Report } from './inspect';
import { createIceServers, type IceServers } from './ice';
import { createLevels, seatLevel, type Levels } from './levels';
import { deviceOf } from './device-id';
import { createUploads, type Uploads } from './uploads';
import { isHeard, meetingOf, reduce, runsOver, waitingOf } from './meeting';
import { browserStore } from './preferences';
import type { Action, ClientMessage, Emoji, Join, Joined, Moderate, Role, Seats, ServerMessage, Source, VideoCodec, Waiting } from './protocol.gen';
import { createPublisher, NOTHING, type Publisher } from './publisher';
import { createReactions, type Reactions } from './reactions';
import { mayPublish } from './rights';
import { fetchLobby, socketUrl } from './rooms';
import { shareScreen, stopShare, type ScreenShare } from './screen';
import { createSocket, type Link, type Socket } from './socket';
import { countsOf, qualityOf, sampleOf } from './stats';
import type { ConnectionCounts } from './stats';
import { createStore } from './store';
import type { WritableStore } from './store';
import { createViewSender, MOST_SEATS, seatsWanted, viewOf } from './view';
import type { ViewSender, VisibleTile } from './view';
import { createVoiceMeter, type VoiceMeter } from './voice';
import { look, newWatch, restarted, type Watch } from './watchdog';
import type { Over, ClientState, Client, ClientOptions } from './face';

/** How often the connection is looked at, in milliseconds. */
const LOOK_MS = 1000;

/** How often the pictures are glanced at, and how long all of them may stand still before the connection is looked at, in milliseconds. */
const GLANCE_MS = 250;
const STILL_MS = 1000;

/** The least time between two words on the hand, in milliseconds: a page that is faster is cut off in the end. */
const HAND_MS = 500;

/** Joins a meeting. */
export function createClient(options: ClientOptions): Client {
	return new MeetingClient(options);
}

class MeetingClient implements Client {
	readonly state: WritableStore<ClientState>;
	readonly board: Board;
	readonly levels: Levels;
	readonly reactions: Reactions['shown'];
	readonly inspection = createStore<Inspection | undefined>(undefined);
	readonly weak = createStore<ReadonlySet<string>>(new Set());
	readonly screen = createStore<MediaStreamTrack | undefined>(undefined);
	readonly uploads: Uploads;
	private readonly reacted: Reactions;
	private readonly options: ClientOptions;
	private readonly ended = new AbortController();
	private readonly socket: Socket;
	private readonly publisher: Publisher;
	private readonly view: ViewSender;
	private readonly ice: IceServers;
	private connection: Connection | undefined;
	private watch: Watch = newWatch(0);
	private counts: ConnectionCounts | undefined;
	/** The last sign of life of the pictures, and when it came. */
	private beat: Readonly<{ mark: number; at: number }> = { mark: 0, at: 0 };
	private examinedAt = 0;
	private restarting: Promise<void> | undefined;
	private tiles: readonly VisibleTile[] = [];
	private shared: ScreenShare | undefined;
	private report: Report | undefined;
	/** When the hand was last raised or lowered. */
	private handAt = 0;
	private voice: { track: MediaStreamTrack; meter: VoiceMeter } | undefined;
	/** The seated messages go out in the order of the seats messages. */
	private seated: Promise<void> = Promise.resolve();

	constructor(options: ClientOptions) {
		this.options = options;
		this.state = createStore<ClientState>({
			link: { kind: 'connecting' },
			meeting: undefined,
			waiting: undefined,
			media: 'connecting',
			quality: 'unknown',
			soundBlocked: false,
			sharing: false,
			over: undefined,
		});
		const { signal } = this.ended;
		this.board = createBoard({ onBlocked: (soundBlocked) => this.patch({ soundBlocked }) });
		this.levels = createLevels((participant) => this.levelOf(participant), signal);
		this.reacted = createReactions(signal);
		this.reactions = this.reacted.shown;
		this.uploads = createUploads({ room: options.room, terms: () => this.state.get().meeting?.files, signal });
		this.publisher = createPublisher((message) => this.socket.send(message));
		this.view = createViewSender((tiles) => this.socket.send({ type: 'view', tiles }), signal);
		this.ice = createIceServers({ room: options.room, onRenewed: (servers) => this.connection?.setIceServers(servers), signal });
		this.socket = createSocket({
			url: socketUrl(options.room, location.origin),
			join: () => this.makeJoin(),
			onMessage: (message, about) => this.receive(message, about),
			onLink: (link) => this.linked(link),
			signal,
		});
		signal.addEventListener('abort', () => this.giveBack(), { once: true });
		options.signal.addEventListener('abort', () => this.leave(), { once: true, signal });
		signal.addEventListener('abort', options.devices.state.subscribe(() => this.publish()), { once: true });
		this.watchNetwork(signal);
	}

	setView = (tiles: readonly VisibleTile[]): void => {
		this.tiles = tiles;
		if (this.state.get().meeting === undefined) return;
		this.view.set(viewOf(tiles, devicePixelRatio));
		this.growSeats();
	};

	say = (text: string, to?: string): void => this.socket.send({ type: 'chat', text, ...(to === undefined ? {} : { to }) });

	spotlight = (participant: string, on: boolean): void => this.socket.send({ type: 'spotlight', participant, on });

	record = (on: boolean, paused = false): void => this.socket.send({ type: 'record', on, ...(paused ? { paused } : {}) });

	consent = (accept: boolean): void => this.socket.send({ type: 'consent', accept });

	endForAll = (): void => this.socket.send({ type: 'end' });

	raiseHand = (up: boolean): void => {
		if (Date.now() - this.handAt < HAND_MS) return;
		this.handAt = Date.now();
		this.socket.send({ type: 'hand', up });
	};

	react = (emoji: Emoji): void => this.socket.send({ type: 'reaction', emoji });

	moderate = (action: Action, participant?: string): void => this.order({ action, ...(participant === undefined ? {} : { participant }) });

	admit = (participant: string): void => this.order({ action: 'admit', participant });

	admitAll = (): void => this.order({ action: 'admit_all' });

	deny = (participant: string, ban = false): void => this.order({ action: 'deny', participant, ...(ban ? { ban } : {}) });

	sendToLobby = (participant: string): void => this.order({ action: 'send_to_lobby', participant });

	remove = (participant: string, ban = false): void => this.order({ action: 'remove', participant, ...(ban ? { ban } : {}) });

	setRole = (participant: string, role: Role): void => this.order({ action: 'set_role', participant, role });

	handOver = (participant: string): void => this.order({ action: 'hand_over', participant });

	setLobby = (on: boolean): void => this.socket.send({ type: 'lobby', on });

	lock = (on: boolean): void => this.socket.send({ type: 'lock', on });

	extend = (minutes: 15 | 30 | 60): void => this.socket.send({ type: 'extend', minutes });

	share = async (): Promise<void> => {
		try {
			const screen = await shareScreen();
			if (this.ended.signal.aborted) {
				stopShare(screen);
				return;
			}
			this.stopSharing();
			this.shared = screen;
			this.screen.set(screen.video);
			screen.video.addEventListener('ended', () => {
				if (this.shared === screen) this.stopSharing();
			});
			this.patch({ sharing: true });
			this.publish();
		} catch (error) {
			const cancelled = error instanceof DOMException && error.name === 'NotAllowedError';
			this.options.onEvent({ kind: 'share_failed', reason: cancelled ? 'cancelled' : 'failed' });
		}
	};

	stopSharing = (): void => {
		if (this.shared === undefined) return;
		stopShare(this.shared);
		this.shared = undefined;
		this.screen.set(undefined);
		this.patch({ sharing: false });
		this.publish();
	};

	playSound = (): void => {
		this.voice?.meter.resume();
		void this.board.play();
	};

	leave = (): void => this.finish({ reason: 'left' });

	private order(what: Moderate): void {
		this.socket.send({ type: 'moderate', ...what });
	}

	private async makeJoin(): Promise<Join> {
		const iceServers = await this.ice.get();
		this.connection?.close();
		const connection = createConnection({
			iceServers,
			seats: Math.min(FIRST_SEATS, this.options.mostSeats ?? MOST_SEATS),
			videoCodecs: this.options.videoCodecs,
			onMoved: () => this.socket.reconnect(),
		});
		this.connection = connection;
		connection.pc.addEventListener('connectionstatechange', () => {
			if (this.connection === connection) this.mediaChanged(connection.pc.connectionState);
		});
		this.publisher.use(connection);
		this.publish();
		this.counts = undefined;
		this.report = undefined;
		this.patch({ media: 'connecting' });
		const offer = await connection.firstOffer();
		const { name, token, passcode } = this.options;
		const device = deviceOf(browserStore('localStorage'));
		return {
			name,
			...(token === undefined ? {} : { token }),
			...(passcode === undefined ? {} : { passcode }),
			...(device === undefined ? {} : { device }),
			...offer,
			view: { tiles: [] },
		};
	}

	private receive(message: ServerMessage, about: ClientMessage['type'] | undefined): void {
		switch (message.type) {
			case 'joined':
				this.joined(message);
				return;
			case 'waiting':
				this.wait(message);
				return;
			case 'seats':
				this.reduce(message);
				this.seat(message);
				return;
			case 'encodings':
				// Only the camera has several.
				if (message.source === 'camera') void this.connection?.setWanted(message.layers);
				return;
			case 'codec':
				void this.sendIn(message.source, message.codec);
				return;
			case 'reactions':
				this.reacted.show(message.reactions);
				return;
			case 'moderated':
				this.obey(message.action, message.role);
				this.options.onEvent({ kind: 'moderated', action: message.action, by: message.by, ...(message.role === undefined ? {} : { role: message.role }) });
				return;
			case 'error':
				this.options.onEvent({ kind: 'error', code: message.code, message: message.message, about });
				return;
			case 'bye':
				if (message.reason === 'shutdown') this.options.onEvent({ kind: 'restarting' });
				else if (message.reason !== 'slow') this.finish({ reason: message.reason });
				return;
			default:
				this.reduce(message);
				if (message.type === 'roster' || message.type === 'roster_page') {
					this.growSeats();
					this.publish(); // the own role may have changed
				}
		}
	}

	/** Turns off what a host turned off. Turning on is left to the viewer. */
	private obey(action: Action, role: Role | undefined): void {
		const { devices } = this.options;
		const listens = role === 'audience';
		if (action === 'mute' || listens) devices.mute();
		if (action === 'stop_camera' || listens) devices.turnCameraOff();
		if (action === 'stop_screen' || listens) this.stopSharing();
	}

	/** Waits in the lobby: there is no meeting, and nothing of one is sent. */
	private wait(message: Waiting): void {
		this.stopSharing();
		this.patch({ meeting: undefined, media: 'connecting', waiting: waitingOf(message, Date.now()) });
	}

	private joined(message: Joined): void {
		const { connection } = this;
		if (connection === undefined) return;
		this.board.adopt(connection.seats());
		this.watch = newWatch(Date.now());
		this.patch({ meeting: meetingOf(message, Date.now()), waiting: undefined });
		this.publish(); // the audience sends nothing
		this.publisher.joined();
		this.view.renew();
		this.setView(this.tiles);
		connection.answer(message.answer).catch(() => {
			if (this.connection === connection) this.finish({ reason: 'refused', code: 'bad_offer', message: '' });
		});
	}

	private seat(message: Seats): void {
		const { connection } = this;
		const applied = this.board.apply(message);
		this.seated = this.seated
			.then(() => applied)
			.then(() => {
				if (this.connection === connection) this.socket.send({ type: 'seated', epoch: message.epoch });
			});
	}

	private linked(link: Link): void {
		this.patch({ link });
		if (link.kind === 'open' && this.state.get().meeting !== undefined) this.resumed();
		if (link.kind === 'closed' && link.refusal !== undefined) this.finish({ reason: 'refused', ...link.refusal });
		if (link.kind === 'retrying' && link.attempt > 1) void this.askWhetherOver();
	}

	/** The line is back: what broke it may have broken the way of sound and picture too. */
	private resumed(): void {
		this.glance();
		const flows = this.connection?.pc.connectionState === 'connected' && this.board.expectsPicture() && Date.now() - this.beat.at < STILL_MS / 2;
		if (!flows) this.restartNow();
	}

	/** A room that is over answers no socket, so ask its lobby. */
	private async askWhetherOver(): Promise<void> {
		const { signal } = this.ended;
		if (runsOver(this.state.get().meeting, Date.now())) return; // its page is gone for others, and it goes on for us
		const answer = await fetchLobby(this.options.room, signal);
		if (answer.kind === 'gone' && !signal.aborted) this.finish({ reason: 'ended' });
	}

	private mediaChanged(state: RTCPeerConnectionState): void {
		if (state === 'connected') this.patch({ media: 'connected' });
		if (state !== 'disconnected' && state !== 'failed') return;
		this.patch({ media: 'interrupted' });
		void this.examine();
	}

	private watchNetwork(signal: AbortSignal): void {
		const changed = () => {
			if (this.state.get().meeting === undefined) return;
			this.socket.reconnect();
			this.restartNow();
		};
		window.addEventListener('online', changed, { signal });
		const network = (navigator as { connection?: EventTarget & { type?: string } }).connection;
		let type = network?.type;
		const networkChanged = () => {
			if (network?.type === type) return; // only another guess at its speed
			type = network?.type;
			changed();
		};
		network?.addEventListener('change', networkChanged, { signal });
		const timers = [setInterval(() => void this.examine(), LOOK_MS), setInterval(() => this.glance(), GLANCE_MS)];
		signal.addEventListener('abort', () => timers.forEach(clearInterval), { once: true });
	}

	/** Looks at the connection out of turn when every picture stands still. */
	private glance(): void {
		const now = Date.now();
		const mark = this.board.heartbeat();
		if (mark !== this.beat.mark) this.beat = { mark, at: now };
		else if (this.board.expectsPicture() ? now - this.beat.at >= STILL_MS : this.sends() && now - this.examinedAt >= LOOK_MS / 2) void this.examine();
	}

	/** Something is sent, on which the server reports. */
	private sends(): boolean {
		const { microphone, camera } = this.options.devices.state.get();
		return microphone.kind === 'on' || camera.kind === 'on' || this.shared !== undefined;
	}

	/** Restarts ICE for a reason that is better than the watchdog's. */
	private restartNow(): void {
		this.watch = restarted({ ...this.watch, restarts: 0 }, Date.now());
		void this.restartIce();
	}

	/** Looks at how the connection does, and restarts ICE when it does not. */
	private async examine(): Promise<void> {
		const { connection } = this;
		if (connection === undefined || this.state.get().meeting === undefined) return;
		this.examinedAt = Date.now();
		const report = await connection.pc.getStats();
		if (this.connection !== connection || this.ended.signal.aborted) return;
		this.inspected(report);
		const counts = countsOf([...(report as unknown as Map<string, unknown>)]);
		if (this.counts !== undefined && counts.at > this.counts.at) this.patch({ quality: qualityOf(sampleOf(this.counts, counts)) });
		this.counts = counts;
		const { watch, restart } = look(this.watch, {
			at: Date.now(),
			state: connection.pc.connectionState,
			bytesReceived: counts.bytesReceived,
			silentMs: counts.silentMs,
			expected: this.board.expectsPicture() || (counts.reports && this.sends()),
		});
		this.watch = watch;
		if (restart) await this.restartIce();
	}

	/** One restart at a time: a second offer would only undo the first. */
	private async restartIce(): Promise<void> {
		this.restarting ??= this.reoffer({ iceRestart: true });
		await this.restarting;
		this.restarting = undefined;
	}

	private inspected(report: Report): void {
		const before = this.report;
		this.report = report;
		if (before === undefined) return;
		const inspection = inspect(before, report, this.board.seatTracks());
		this.inspection.set(inspection);
		const [was, is] = [this.weak.get(), badlyReceived(inspection)];
		if (was.size !== is.size || [...is].some((id) => !was.has(id))) this.weak.set(is);
	}

	/** Asks for more seats when there is more to see and hear than seats. */
	private growSeats(): void {
		const { meeting } = this.state.get();
		const { connection } = this;
		if (meeting === undefined || connection === undefined) return;
		const seen = new Set(this.tiles.map((tile) => tile.participant));
		const voices = meeting.participants.filter((one) => one.id !== meeting.self && !seen.has(one.id) && isHeard(one)).length;
		const have = connection.seats().length;
		const seats = seatsWanted(have, this.tiles.length, Math.min(5, voices), this.options.mostSeats);
		if (seats > have) void this.reoffer({ seats });
	}

	private async reoffer(want: { seats?: number; iceRestart?: boolean }): Promise<void> {
		const { connection } = this;
		if (connection === undefined || this.state.get().link.kind !== 'open') return;
		try {
			await connection.reoffer(want, async (offer) => (await this.socket.offer(offer)).answer);
			if (this.connection === connection) this.board.adopt(connection.seats());
		} catch {
			// The line broke or the server refused. The watchdog or the next change of the view asks again.
		}
	}

	/** Sends a source in another format, which some browsers have to negotiate. */
	private async sendIn(source: Source, codec: VideoCodec): Promise<void> {
		try {
			await this.connection?.setCodec(source, codec, async (offer) => (await this.socket.offer(offer)).answer);
		} catch {
			// The line broke: the server says it again when it is back.
		}
	}

	private publish(): void {
		const { microphone, camera } = this.options.devices.state.get();
		const { meeting } = this.state.get();
		const may = meeting === undefined || mayPublish(meeting);
		this.publisher.set(may ? { microphone, camera, screen: this.shared } : NOTHING);
		const track = microphone.kind === 'on' ? microphone.track : undefined;
		if (this.voice?.track === track) return;
		this.voice?.meter.close();
		this.voice = track === undefined ? undefined : { track, meter: createVoiceMeter(track) };
	}

	/** How loud a participant is now, 0 to 1, linear. */
	private levelOf(id: string): number {
		const { meeting } = this.state.get();
		const participant = meeting?.participants.find((one) => one.id === id);
		if (meeting === undefined || participant === undefined || !isHeard(participant)) return 0;
		if (id === meeting.self) return this.voice?.meter.level() ?? 0;
		const receiver = this.board.voiceOf(id);
		if (receiver === undefined) return 0;
		const level = seatLevel(participant.number, receiver.getContributingSources(), receiver.getSynchronizationSources());
		return level ?? (meeting.floor.includes(id) ? 0.05 : 0);
	}

	private reduce(message: ServerMessage): void {
		this.state.update((state) => (state.meeting === undefined ? state : { ...state, meeting: reduce(state.meeting, message, Date.now()) }));
	}

	private patch(change: Partial<ClientState>): void {
		this.state.update((state) => ({ ...state, ...change }));
	}

	private finish(over: Over): void {
		if (this.state.get().over !== undefined) return;
		this.patch({ over });
		this.ended.abort();
	}

	private giveBack(): void {
		this.stopSharing();
		this.connection?.close();
		this.connection = undefined;
		this.board.close();
		this.voice?.meter.close();
		this.voice = undefined;
	}
}
