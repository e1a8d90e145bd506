import { ChevronUp, Circle, CircleStop, Ear, Ellipsis, Hand, MessageSquare, Mic, MicOff, MonitorUp, MonitorX, OctagonX, Phone, Settings, UsersRound, Video, VideoOff } from 'lucide-react';
import type { ReactNode } from 'react';
import { canShareScreen } from '../client';
import type { DeviceChoice, DeviceControl, Devices, DeviceState, Emoji, Preferences } from '../client';
import { IconButton, Menu } from '../design';
import type { MenuItem } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import { EmojiMenu, reactIcon } from './emojis';
import { useStore } from './hooks';
import { optionsOf } from './preview';

/** Which panel stands beside the stage. */
export type Panel = 'chat' | 'people' | undefined;

export type BarProps = Readonly<{
	devices: DeviceControl;
	preferences: Preferences;
	onPreferences: (change: Partial<Preferences>) => void;
	isHost: boolean;
	isRecording: boolean;
	isSharing: boolean;
	panel: Panel;
	unread: number;
	handUp: boolean;
	/** How many hands of others are up. */
	hands: number;
	/** How many wait to be let in, as far as the viewer may know. */
	waiting: number;
	/** What the viewer may do: the audience less than others. */
	may: May;
	onReact: (emoji: Emoji) => void;
	/** What the menu behind More offers where there is room for a menu. */
	more: readonly MenuItem[];
	/** Room for few buttons: the others are behind More. */
	narrow: boolean;
	run: Readonly<Record<'microphone' | 'camera' | 'share' | 'hand' | 'chat' | 'people' | 'record' | 'settings' | 'more' | 'leave' | 'end', () => void>>;
}>;

/** What the viewer may do in this meeting. */
export type May = Readonly<Record<'publish' | 'chat' | 'hand' | 'react' | 'record', boolean>>;

/** The bar at the bottom: everything the viewer does in a meeting. */
export function Bar(props: BarProps) {
	const { devices, isHost, isRecording, isSharing, panel, unread, handUp, hands, waiting, may, onReact, narrow, more, run } = props;
	const t = useWords();
	const state = useStore(devices.state);
	return (
		<footer className="bar" aria-label={t('bar.controls')}>
			<div className="bar-main">
				{may.publish ? (
					<>
						<MicrophoneButton {...props} state={state} />
						<CameraButton {...props} state={state} />
					</>
				) : (
					<p className="bar-audience">
						<Ear size={20} aria-hidden="true" /> {t('bar.audience')}
					</p>
				)}
				{may.publish && canShareScreen() && !narrow ? (
					<BarButton
						label={isSharing ? t('bar.stopSharing') : t('bar.share')}
						word={isSharing ? t('bar.stopSharing.short') : t('bar.share.short')}
						icon={isSharing ? <MonitorX size={24} /> : <MonitorUp size={24} />}
						tone={isSharing ? 'on' : 'raised'}
						shortcut="S"
						onClick={run.share}
					/>
				) : null}
				{may.hand && !narrow ? (
					<BarButton
						label={handUp ? t('bar.lowerHand') : t('bar.raiseHand')}
						word={handUp ? t('bar.lowerHand.short') : t('bar.raiseHand.short')}
						icon={<Hand size={24} />}
						tone={handUp ? 'on' : 'raised'}
						shortcut="H"
						onClick={run.hand}
					/>
				) : null}
				{may.react && !narrow ? (
					<EmojiMenu
						onPick={onReact}
						opener={(props) => (
							<div className="bar-button">
								<IconButton {...props} label={t('bar.react')} icon={reactIcon} tone="raised" size="large" />
								<span className="bar-word" aria-hidden="true">
									{t('bar.react')}
								</span>
							</div>
						)}
					/>
				) : null}
				{may.chat ? <BarButton name="chat" label={t('bar.chat')} word={t('bar.chat')} icon={<MessageSquare size={24} />} tone={panel === 'chat' ? 'on' : 'raised'} shortcut="C" count={unread} counted={t('bar.unread', { count: unread })} pressed={panel === 'chat'} onClick={run.chat} /> : null}
				<BarButton name="people" label={t('bar.participants')} word={t('bar.participants.short')} icon={<UsersRound size={24} />} tone={panel === 'people' ? 'on' : 'raised'} shortcut="P" count={hands + waiting} counted={peopleWords(t, hands, waiting)} pressed={panel === 'people'} onClick={run.people} />
				{may.record && !narrow ? <RecordButton isRecording={isRecording} onClick={run.record} /> : null}
				{narrow ? (
					<BarButton label={t('bar.more')} word={t('bar.more')} icon={<Ellipsis size={24} />} tone="raised" onClick={run.more} />
				) : (
					<>
						<BarButton label={t('bar.settings')} word={t('bar.settings.short')} icon={<Settings size={24} />} tone="raised" shortcut="," onClick={run.settings} />
						<MoreMenu items={more} />
					</>
				)}
			</div>
			<div className="bar-leave">
				{isHost && !narrow ? <BarButton label={t('bar.end')} word={t('bar.end.short')} icon={<OctagonX size={24} />} tone="raised" className="end" onClick={run.end} /> : null}
				<BarButton label={t('bar.leave')} word={t('bar.leave.short')} icon={<Phone size={24} className="hang-up" />} tone="danger" onClick={run.leave} />
			</div>
		</footer>
	);
}

/** What the number on the button of the participants counts. */
function peopleWords(t: Words, hands: number, waiting: number): string {
	return [...(hands === 0 ? [] : [t('bar.hands', { count: hands })]), ...(waiting === 0 ? [] : [t('bar.waiting', { count: waiting })])].join(t('app.comma'));
}

function MoreMenu({ items }: { items: readonly MenuItem[] }) {
	const t = useWords();
	return (
		<Menu
			label={t('bar.more')}
			items={items}
			opener={(props) => (
				<div className="bar-button">
					<IconButton {...props} label={t('bar.more')} icon={<Ellipsis size={24} />} tone="raised" size="large" />
					<span className="bar-word" aria-hidden="true">
						{t('bar.more')}
					</span>
				</div>
			)}
		/>
	);
}

function RecordButton({ isRecording, onClick }: { isRecording: boolean; onClick: () => void }) {
	const t = useWords();
	return (
		<BarButton
			label={isRecording ? t('bar.stopRecording') : t('bar.record')}
			word={isRecording ? t('bar.stopRecording.short') : t('bar.record.short')}
			icon={isRecording ? <CircleStop size={24} /> : <Circle size={24} className="record-mark" />}
			tone={isRecording ? 'off' : 'raised'}
			onClick={onClick}
		/>
	);
}

type DeviceButtonProps = BarProps & Readonly<{ state: Devices }>;

function MicrophoneButton({ state, devices, preferences, onPreferences, run, narrow }: DeviceButtonProps) {
	const t = useWords();
	const on = state.microphone.kind === 'on' && !state.microphone.muted;
	const items: MenuItem[] = [
		{ kind: 'heading', label: t('device.microphone') },
		...choices(t, state.microphones, 'microphone', state.microphoneId, (id) => {
			onPreferences({ microphoneId: id });
			void devices.chooseMicrophone(id);
		}),
		...(state.speakers.length === 0
			? []
			: ([
					{ kind: 'line' },
					{ kind: 'heading', label: t('device.speaker') },
					...choices(t, state.speakers, 'speaker', preferences.speakerId, (id) => onPreferences({ speakerId: id })),
				] as const)),
	];
	return (
		<DeviceGroup narrow={narrow} menu={t('bar.microphoneMenu')} items={items} onOpen={() => void devices.refresh()}>
			<BarButton
				label={on ? t('bar.mute') : t('bar.unmute')}
				word={on ? t('bar.mute.short') : t('bar.unmute.short')}
				icon={on ? <Mic size={24} /> : <MicOff size={24} />}
				tone={on ? 'raised' : 'off'}
				shortcut="M"
				failed={state.microphone}
				onClick={run.microphone}
			/>
		</DeviceGroup>
	);
}

function CameraButton({ state, devices, onPreferences, run, narrow }: DeviceButtonProps) {
	const t = useWords();
	const on = state.camera.kind === 'on';
	const items: MenuItem[] = [
		{ kind: 'heading', label: t('device.camera') },
		...choices(t, state.cameras, 'camera', state.cameraId, (id) => {
			onPreferences({ cameraId: id });
			void devices.chooseCamera(id);
		}),
		{ kind: 'line' },
		{ kind: 'action', label: t('bar.cameraFormat'), icon: <Settings size={20} aria-hidden="true" />, onPick: run.settings },
	];
	return (
		<DeviceGroup narrow={narrow} menu={t('bar.cameraMenu')} items={items} onOpen={() => void devices.refresh()}>
			<BarButton
				label={on ? t('bar.cameraOff') : t('bar.cameraOn')}
				word={on ? t('bar.cameraOff.short') : t('bar.cameraOn.short')}
				icon={on ? <Video size={24} /> : <VideoOff size={24} />}
				tone={on ? 'raised' : 'off'}
				shortcut="V"
				failed={state.camera}
				onClick={run.camera}
			/>
		</DeviceGroup>
	);
}

/** A device button with the arrow that opens its devices. */
function DeviceGroup({ narrow, menu, items, onOpen, children }: { narrow: boolean; menu: string; items: MenuItem[]; onOpen: () => void; children: ReactNode }) {
	if (narrow) return <>{children}</>;
	return (
		<div className="device-group">
			{children}
			<Menu
				label={menu}
				items={items}
				onOpen={onOpen}
				opener={(props) => <IconButton {...props} label={menu} icon={<ChevronUp size={16} />} tip="none" className="chevron" />}
			/>
		</div>
	);
}

type BarButtonProps = Readonly<{
	/** Names the button to the page, in any language. */
	name?: string;
	label: string;
	/** Under the icon where there is room for it. */
	word: string;
	icon: ReactNode;
	tone: 'raised' | 'off' | 'on' | 'danger';
	shortcut?: string;
	count?: number;
	/** The count in words. */
	counted?: string;
	pressed?: boolean;
	className?: string;
	/** A device whose failure is marked on its button. */
	failed?: DeviceState;
	onClick: () => void;
}>;

function BarButton({ name, label, word, icon, tone, shortcut, count = 0, counted = '', pressed, className = '', failed, onClick }: BarButtonProps) {
	return (
		<div className={`bar-button ${className}`.trimEnd()}>
			<IconButton
				data-name={name}
				label={label}
				icon={icon}
				tone={tone}
				size="large"
				onClick={onClick}
				{...(shortcut === undefined ? {} : { shortcut })}
				{...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
				{...(count > 0 ? { 'aria-description': counted } : {})}
				{...(failed?.kind === 'starting' ? { 'aria-busy': true } : {})}
			/>
			<span className="bar-word" aria-hidden="true">
				{word}
			</span>
			{count > 0 ? (
				<span className="badge ticking" aria-hidden="true">
					{count > 99 ? '99+' : count}
				</span>
			) : null}
			{failed?.kind === 'failed' ? (
				<span className="badge warning" aria-hidden="true">
					!
				</span>
			) : null}
		</div>
	);
}

function choices(t: Words, devices: readonly DeviceChoice[], kind: 'microphone' | 'camera' | 'speaker', chosen: string, pick: (id: string) => void): MenuItem[] {
	return optionsOf(t, devices, kind).map(({ value, label }) => ({ kind: 'choice', label, chosen: value === chosen, onPick: () => pick(value) }));
}
