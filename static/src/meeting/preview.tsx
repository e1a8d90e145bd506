import { Mic, MicOff, Video, VideoOff, Volume2 } from 'lucide-react';
import { useRef, useState } from 'react';
import { browserFamily, playTestSound } from '../client';
import type { DeviceChoice, DeviceControl, DeviceState, Preferences } from '../client';
import { loudness } from '../client/levels';
import { Avatar, Button, hueStyle, IconButton, Select } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import { useStore, useTrack, useVoiceMeter } from './hooks';
import { toggleCamera, toggleMicrophone } from './toggles';

export type PreviewProps = Readonly<{ devices: DeviceControl; name: string; onPreferences: (change: Partial<Preferences>) => void }>;

/** How others will see the viewer, with the two switches on it. */
export function Preview({ devices, name, onPreferences }: PreviewProps) {
	const t = useWords();
	const { microphone, camera } = useStore(devices.state);
	const video = useTrack(camera.kind === 'on' ? camera.track : undefined);
	const heard = microphone.kind === 'on' && !microphone.muted;
	const seen = camera.kind === 'on';
	return (
		<div className="preview" style={hueStyle(name)} data-state={seen ? 'picture' : 'avatar'}>
			<video ref={video} muted playsInline autoPlay className="mirrored" />
			{seen ? null : (
				<div className="preview-empty">
					<Avatar name={name === '' ? '?' : name} seed={name} size="6rem" />
					<p>{cameraWords(t, camera)}</p>
				</div>
			)}
			<p className="preview-name truncate">{name}</p>
			<div className="preview-switches">
				<IconButton
					label={heard ? t('bar.mute') : t('bar.unmute')}
					icon={heard ? <Mic size={24} /> : <MicOff size={24} />}
					tone={heard ? 'scrim' : 'danger'}
					size="large"
					aria-busy={microphone.kind === 'starting'}
					onClick={() => {
						onPreferences({ microphoneOn: !heard });
						toggleMicrophone(devices);
					}}
				/>
				<IconButton
					label={seen ? t('bar.cameraOff') : t('bar.cameraOn')}
					icon={seen ? <Video size={24} /> : <VideoOff size={24} />}
					tone={seen ? 'scrim' : 'danger'}
					size="large"
					aria-busy={camera.kind === 'starting'}
					onClick={() => {
						onPreferences({ cameraOn: !seen });
						toggleCamera(devices);
					}}
				/>
			</div>
		</div>
	);
}

function cameraWords(t: Words, camera: DeviceState): string {
	if (camera.kind === 'starting') return t('prejoin.cameraStarting');
	if (camera.kind === 'failed') return camera.problem === 'denied' ? t('prejoin.cameraBlocked') : t('prejoin.cameraFailed');
	return t('prejoin.cameraOff');
}

export type DevicePicksProps = Readonly<{ devices: DeviceControl; preferences: Preferences; onPreferences: (change: Partial<Preferences>) => void }>;

/** Which microphone, camera and speaker, with a level under the microphone and words when one is missing. */
export function DevicePicks({ devices, preferences, onPreferences }: DevicePicksProps) {
	const t = useWords();
	const state = useStore(devices.state);
	const { microphone, camera } = state;
	const both = microphone.kind === 'failed' && camera.kind === 'failed' && microphone.problem === camera.problem;
	return (
		<div className="device-picks">
			{both ? <Problem device="both" state={microphone} /> : null}
			<div className="device-pick">
				<Select
					label={t('device.microphone')}
					options={optionsOf(t, state.microphones, 'microphone', microphone)}
					value={state.microphoneId}
					disabled={state.microphones.length === 0}
					onPick={(id) => {
						onPreferences({ microphoneId: id });
						void devices.chooseMicrophone(id);
					}}
				/>
				<LevelBar microphone={microphone} />
				{both ? null : <Problem device="microphone" state={microphone} />}
			</div>
			<div className="device-pick">
				<Select
					label={t('device.camera')}
					options={optionsOf(t, state.cameras, 'camera', camera)}
					value={state.cameraId}
					disabled={state.cameras.length === 0}
					onPick={(id) => {
						onPreferences({ cameraId: id });
						void devices.chooseCamera(id);
					}}
				/>
				{both ? null : <Problem device="camera" state={camera} />}
			</div>
			<div className="device-pick">
				{state.speakers.length === 0 ? null : (
					<Select
						label={t('device.speaker')}
						options={optionsOf(t, state.speakers, 'speaker')}
						value={preferences.speakerId}
						onPick={(id) => onPreferences({ speakerId: id })}
					/>
				)}
				<SpeakerTest speakerId={preferences.speakerId} />
			</div>
		</div>
	);
}

/** A button that plays a sound on the chosen speaker. */
function SpeakerTest({ speakerId }: { speakerId: string }) {
	const t = useWords();
	const [playing, setPlaying] = useState(false);
	const play = async () => {
		setPlaying(true);
		await playTestSound(speakerId).catch(() => playTestSound('')); // the chosen speaker is gone: the system's own
		setPlaying(false);
	};
	return (
		<Button kind="plain" icon={<Volume2 size={16} aria-hidden="true" />} disabled={playing} onClick={() => void play()}>
			{playing ? t('device.testing') : t('device.test')}
		</Button>
	);
}

/** A bar that follows the viewer's voice. */
export function LevelBar({ microphone }: { microphone: DeviceState }) {
	const ref = useRef<HTMLDivElement>(null);
	useVoiceMeter(ref, microphone.kind === 'on' ? microphone.track : undefined, loudness);
	return (
		<div className="level-bar" ref={ref} data-live={microphone.kind === 'on' && !microphone.muted} aria-hidden="true">
			<span />
		</div>
	);
}

function Problem({ device, state }: { device: 'microphone' | 'camera' | 'both'; state: DeviceState }) {
	const t = useWords();
	if (state.kind !== 'failed') return null;
	return (
		<p className="device-problem" role="alert">
			{t(`problem.${state.problem}.${device}`)}
			{state.problem === 'denied' ? ` ${t(`help.${browserFamily(navigator.userAgent, navigator.maxTouchPoints)}`)}` : null}
		</p>
	);
}

/** The choices of one kind, with the system's own when the browser names none. */
export function optionsOf(t: Words, choices: readonly DeviceChoice[], kind: 'microphone' | 'camera' | 'speaker', state?: DeviceState): { value: string; label: string }[] {
	const named = choices.map(({ id, label }, index) => ({ value: id, label: label === '' ? t(`device.numbered.${kind}`, { number: index + 1 }) : label }));
	if (named.length === 0 && state?.kind === 'failed' && state.problem === 'not_found') return [{ value: '', label: t(`device.none.${kind}`) }];
	return named.some(({ value }) => value === 'default') ? named : [{ value: '', label: t(`device.default.${kind}`) }, ...named];
}

