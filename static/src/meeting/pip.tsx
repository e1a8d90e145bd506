import { Mic, MicOff, Phone, Video, VideoOff } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { mayPublish } from '../client';
import type { Client, DeviceControl, Meeting } from '../client';
import { Avatar, hueStyle, IconButton } from '../design';
import { useWords } from '../words';
import { useStore } from './hooks';
import type { TileId } from './tiles';

/** The part of the Document Picture-in-Picture API that is used; not every browser has it. */
type PictureWindows = Readonly<{ requestWindow: (options: { width: number; height: number }) => Promise<Window> }>;

function pictureWindows(): PictureWindows | undefined {
	return (window as { documentPictureInPicture?: PictureWindows }).documentPictureInPicture;
}

/** True when the browser can show the meeting in a small window over other programs. */
export function canPip(): boolean {
	return pictureWindows() !== undefined || document.pictureInPictureEnabled;
}

/** The small window: whether it is open, and how to open and close it. Open it in a click handler. */
export type Pip = Readonly<{ window: Window | undefined; open: (main: TileId | undefined) => void; close: () => void; isOpen: boolean }>;

/** Opens a window with controls where the browser can, or the bare picture of the most important tile. */
export function usePip(): Pip {
	const [pip, setPip] = useState<Window>();
	const [video, setVideo] = useState<HTMLVideoElement>();
	useEffect(() => () => pip?.close(), [pip]);
	useEffect(() => {
		if (video === undefined) return;
		const left = () => setVideo(undefined);
		video.addEventListener('leavepictureinpicture', left);
		return () => {
			video.removeEventListener('leavepictureinpicture', left);
			if (document.pictureInPictureElement === video) void document.exitPictureInPicture().catch(() => undefined);
			video.disablePictureInPicture = true;
		};
	}, [video]);
	const open = async (main: TileId | undefined) => {
		const windows = pictureWindows();
		if (windows !== undefined) {
			const opened = await windows.requestWindow({ width: 360, height: 260 });
			dress(opened.document);
			opened.addEventListener('pagehide', () => setPip(undefined), { once: true });
			setPip(opened);
			return;
		}
		const found = main === undefined ? null : document.querySelector<HTMLVideoElement>(`[data-participant="${CSS.escape(main.participant)}"][data-source="${main.source}"] video`);
		if (found === null) return;
		found.disablePictureInPicture = false;
		await found.requestPictureInPicture();
		setVideo(found);
	};
	return {
		window: pip,
		isOpen: pip !== undefined || video !== undefined,
		open: (main) => void open(main).catch(() => undefined), // the viewer or the browser refused
		close: () => {
			setPip(undefined);
			setVideo(undefined);
		},
	};
}

/** Gives the small window the looks and the language of the page. */
function dress(small: Document): void {
	for (const sheet of document.querySelectorAll('link[rel=stylesheet], style')) small.head.append(sheet.cloneNode(true));
	const { lang, dir, dataset } = document.documentElement;
	small.documentElement.lang = lang;
	small.documentElement.dir = dir;
	if (dataset['theme'] !== undefined) small.documentElement.dataset['theme'] = dataset['theme'];
	small.title = document.title;
}

export type PipViewProps = Readonly<{
	window: Window;
	client: Client;
	meeting: Meeting;
	devices: DeviceControl;
	/** Whose picture is shown. */
	tile: TileId | undefined;
	run: Readonly<Record<'microphone' | 'camera' | 'leave', () => void>>;
}>;

/** What stands in the small window: one picture, and the three buttons that matter. */
export function PipView({ window: small, client, meeting, devices, tile, run }: PipViewProps) {
	const t = useWords();
	const { microphone, camera } = useStore(devices.state);
	const heard = microphone.kind === 'on' && !microphone.muted;
	const seen = camera.kind === 'on';
	return createPortal(
		<main className="pip">
			{tile === undefined ? null : <PipPicture key={`${tile.source} ${tile.participant}`} client={client} meeting={meeting} tile={tile} />}
			<div className="pip-bar">
				{mayPublish(meeting) ? (
					<>
						<IconButton label={heard ? t('bar.mute') : t('bar.unmute')} icon={heard ? <Mic size={20} /> : <MicOff size={20} />} tone={heard ? 'raised' : 'off'} tip="none" onClick={run.microphone} />
						<IconButton label={seen ? t('bar.cameraOff') : t('bar.cameraOn')} icon={seen ? <Video size={20} /> : <VideoOff size={20} />} tone={seen ? 'raised' : 'off'} tip="none" onClick={run.camera} />
					</>
				) : null}
				<IconButton label={t('bar.leave')} icon={<Phone size={20} className="hang-up" />} tone="danger" tip="none" onClick={run.leave} />
			</div>
		</main>,
		small.document.body,
	);
}

function PipPicture({ client, meeting, tile }: Readonly<{ client: Client; meeting: Meeting; tile: TileId }>) {
	const t = useWords();
	const root = useRef<HTMLElement>(null);
	const host = useRef<HTMLDivElement>(null);
	const { participant: id, source } = tile;
	useLayoutEffect(() => {
		if (root.current === null || host.current === null) return;
		return client.board.attach(id, source, { tile: root.current, host: host.current });
	}, [client, id, source]);
	const participant = meeting.participants.find((one) => one.id === id);
	if (participant === undefined) return null;
	const { name } = participant;
	return (
		<article ref={root} className="tile pip-tile" style={hueStyle(id)} data-participant={id} data-source={source} data-size="small" aria-label={name}>
			<div className="tile-avatar">
				<Avatar name={name} seed={id} size="64px" />
			</div>
			<div ref={host} className="tile-picture" />
			<div className="tile-foot">
				<span className="truncate" dir="auto">
					{source === 'screen' ? t('tile.screen', { name }) : name}
				</span>
			</div>
		</article>
	);
}
