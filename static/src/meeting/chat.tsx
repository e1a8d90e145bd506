import { MessageSquare, SendHorizontal, X } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { KeyboardEvent, SubmitEvent } from 'react';
import type { ChatMessage } from '../client';
import { Avatar, IconButton } from '../design';
import { useWords } from '../words';
import { splitLinks } from './links';
import { timeOfDay } from './time';

export type ChatPanelProps = Readonly<{
	messages: readonly ChatMessage[];
	self: string;
	/** The line to the server is up. */
	open: boolean;
	onSay: (text: string) => void;
	onClose: () => void;
}>;

/** The longest message that the server takes, in characters. */
const LONGEST = 4000;

/** Lines of one sender within this many milliseconds stand under one name. */
const TOGETHER_MS = 120_000;

/** The room's chat. */
export function ChatPanel({ messages, self, open, onSay, onClose }: ChatPanelProps) {
	const t = useWords();
	return (
		<aside className="panel" aria-label={t('chat.panel')}>
			<header>
				<h2>{t('chat.title')}</h2>
				<IconButton label={t('app.closePanel')} icon={<X size={20} />} tip="none" onClick={onClose} />
			</header>
			<Log messages={messages} self={self} />
			<Composer open={open} onSay={onSay} />
		</aside>
	);
}

function Log({ messages, self }: { messages: readonly ChatMessage[]; self: string }) {
	const t = useWords();
	const ref = useRef<HTMLDivElement>(null);
	const atEnd = useRef(true);
	useLayoutEffect(() => {
		const log = ref.current;
		if (log !== null && atEnd.current) log.scrollTop = log.scrollHeight;
	}, [messages]);
	return (
		<div
			ref={ref}
			className="chat-log"
			role="log"
			aria-label={t('chat.messages')}
			tabIndex={0}
			onScroll={({ currentTarget: log }) => {
				atEnd.current = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
			}}
		>
			{messages.length === 0 ? (
				<div className="panel-empty">
					<MessageSquare size={28} aria-hidden="true" />
					<p>{t('chat.empty')}</p>
					<p className="quiet">{t('chat.emptyHint')}</p>
				</div>
			) : (
				messages.map((message, index) => <Line key={index} message={message} before={messages[index - 1]} mine={message.from === self} />)
			)}
		</div>
	);
}

function Line({ message, before, mine }: { message: ChatMessage; before: ChatMessage | undefined; mine: boolean }) {
	const t = useWords();
	const at = Date.parse(message.at);
	const together = before !== undefined && before.from === message.from && at - Date.parse(before.at) < TOGETHER_MS;
	return (
		<div className="chat-line" data-together={together || undefined}>
			{together ? null : (
				<>
					<Avatar name={message.name} seed={message.from} size="2rem" />
					<p className="chat-head">
						<strong className="truncate">{mine ? t('app.you', { name: message.name }) : message.name}</strong>
						{Number.isNaN(at) ? null : <time dateTime={message.at}>{timeOfDay(t, at, Date.now())}</time>}
					</p>
				</>
			)}
			<p className="chat-text">
				{splitLinks(message.text).map((piece, index) =>
					piece.kind === 'text' ? (
						piece.text
					) : (
						<a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
							{piece.text}
						</a>
					),
				)}
			</p>
		</div>
	);
}

function Composer({ open, onSay }: { open: boolean; onSay: (text: string) => void }) {
	const t = useWords();
	const [text, setText] = useState('');
	const field = useRef<HTMLTextAreaElement>(null);
	const words = text.trim();
	useEffect(() => field.current?.focus(), []);
	useLayoutEffect(() => {
		if (field.current === null) return;
		field.current.style.height = 'auto';
		field.current.style.height = `${field.current.scrollHeight + 2}px`; // two for the borders
	}, [text]);
	const send = () => {
		if (words === '' || !open) return;
		onSay(words);
		setText('');
		field.current?.focus(); // the button goes out of use with the text
	};
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		send();
	};
	const pressed = (event: KeyboardEvent) => {
		if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
		event.preventDefault();
		send();
	};
	return (
		<form className="composer field" onSubmit={submit}>
			<textarea
				ref={field}
				className="control"
				aria-label={t('chat.message')}
				placeholder={open ? t('chat.placeholder') : t('app.reconnecting')}
				rows={1}
				maxLength={LONGEST}
				value={text}
				onChange={(event) => setText(event.currentTarget.value)}
				onKeyDown={pressed}
			/>
			<IconButton label={t('chat.send')} type="submit" icon={<SendHorizontal size={20} className="onward" />} tip="none" disabled={words === '' || !open} />
		</form>
	);
}
