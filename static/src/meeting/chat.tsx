import { MessageSquare, X } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { DragEvent } from 'react';
import { fileAddress } from '../client';
import type { ChatLine, Client, Meeting } from '../client';
import { IconButton } from '../design';
import { useWords } from '../words';
import { Composer } from './chat-composer';
import type { Addressee } from './chat-composer';
import { UploadList } from './chat-files';
import { Line } from './chat-line';

export type ChatPanelProps = Readonly<{
	client: Pick<Client, 'say' | 'uploads'>;
	meeting: Meeting;
	/** The line to the server is up. */
	open: boolean;
	/** Who alone gets what is written; undefined for everybody. */
	to: Addressee | undefined;
	onTo: (to: Addressee | undefined) => void;
	onClose: () => void;
}>;

/** The room's chat: with everybody, and with one alone. */
export function ChatPanel({ client, meeting, open, to, onTo, onClose }: ChatPanelProps) {
	const t = useWords();
	const [files, setFiles] = useState<readonly File[]>([]);
	const add = useCallback((more: readonly File[]) => setFiles((old) => [...old, ...more]), []);
	const { over, ...drop } = useDrop(meeting.files === undefined ? undefined : add);
	const send = (text: string) => {
		if (text !== '') client.say(text, to?.id);
		for (const file of files) client.uploads.send(file, to?.id);
		setFiles([]);
	};
	return (
		<aside className="panel" aria-label={t('chat.panel')} {...drop}>
			<header>
				<h2>{t('chat.title')}</h2>
				<IconButton label={t('app.closePanel')} icon={<X size={20} />} tip="none" onClick={onClose} />
			</header>
			<Log meeting={meeting} />
			<UploadList uploads={client.uploads} most={meeting.files?.max_size ?? 0} />
			<Composer open={open} meeting={meeting} to={to} onTo={onTo} files={files} onFiles={meeting.files === undefined ? undefined : setFiles} onSend={send} />
			{over ? <p className="chat-drop">{to === undefined ? t('chat.drop') : t('chat.dropOne', { name: to.name })}</p> : null}
		</aside>
	);
}

/** Takes files that are dropped on an element. Dropped beside it, they don't take the page's place. */
function useDrop(onFiles: ((files: readonly File[]) => void) | undefined) {
	const [over, setOver] = useState(false);
	useEffect(() => {
		const keep = (event: globalThis.DragEvent) => {
			if (event.dataTransfer?.types.includes('Files') === true) event.preventDefault();
		};
		const ended = new AbortController();
		for (const type of ['dragover', 'drop'] as const) window.addEventListener(type, keep, { signal: ended.signal });
		return () => ended.abort();
	}, []);
	const has = ({ dataTransfer }: DragEvent) => onFiles !== undefined && dataTransfer.types.includes('Files');
	return {
		over,
		onDragOver: (event: DragEvent) => setOver(has(event)),
		onDragLeave: (event: DragEvent) => {
			if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) setOver(false);
		},
		onDrop: (event: DragEvent) => {
			setOver(false);
			if (has(event)) onFiles?.([...event.dataTransfer.files]);
		},
	};
}

function Log({ meeting: { chat, self, participants, files, room } }: { meeting: Meeting }) {
	const t = useWords();
	const ref = useRef<HTMLDivElement>(null);
	const atEnd = useRef(true);
	const names = useMemo(() => participants.map(({ name }) => name), [participants]);
	const me = participants.find(({ id }) => id === self)?.name;
	const ticket = files?.ticket;
	const addressOf = useCallback((file: string) => (ticket === undefined ? undefined : fileAddress(room.id, ticket, file)), [room.id, ticket]);
	const toEnd = () => {
		const log = ref.current;
		if (log !== null && atEnd.current) log.scrollTop = log.scrollHeight;
	};
	useLayoutEffect(toEnd, [chat]);
	return (
		<div
			ref={ref}
			className="chat-log"
			role="log"
			aria-label={t('chat.messages')}
			tabIndex={0}
			onLoad={toEnd}
			onScroll={({ currentTarget: log }) => {
				atEnd.current = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
			}}
		>
			{chat.length === 0 ? (
				<div className="panel-empty">
					<MessageSquare size={28} aria-hidden="true" />
					<p>{t('chat.empty')}</p>
					<p className="quiet">{t('chat.emptyHint')}</p>
				</div>
			) : (
				chat.map((line, index) => <Line key={keyOf(line, index)} line={line} before={chat[index - 1]} self={self} names={names} me={me} addressOf={addressOf} />)
			)}
		</div>
	);
}

/** A file's picture is loaded once, wherever its line moves. */
function keyOf({ file }: ChatLine, index: number): string | number {
	return file?.id ?? index;
}
