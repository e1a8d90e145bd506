import { MessageSquare, X } from 'lucide-react';
import { useLayoutEffect, useMemo, useRef } from 'react';
import type { ChatMessage, Participant } from '../client';
import { Avatar, IconButton } from '../design';
import { useWords } from '../words';
import { Composer } from './chat-composer';
import { splitLinks } from './links';
import { splitMentions } from './mentions';
import { timeOfDay } from './time';

export type ChatPanelProps = Readonly<{
	messages: readonly ChatMessage[];
	self: string;
	/** Who can be mentioned: everybody in the meeting. */
	people: readonly Participant[];
	/** The line to the server is up. */
	open: boolean;
	onSay: (text: string) => void;
	onClose: () => void;
}>;

/** Lines of one sender within this many milliseconds stand under one name. */
const TOGETHER_MS = 120_000;

/** The room's chat. */
export function ChatPanel({ messages, self, people, open, onSay, onClose }: ChatPanelProps) {
	const t = useWords();
	return (
		<aside className="panel" aria-label={t('chat.panel')}>
			<header>
				<h2>{t('chat.title')}</h2>
				<IconButton label={t('app.closePanel')} icon={<X size={20} />} tip="none" onClick={onClose} />
			</header>
			<Log messages={messages} self={self} people={people} />
			<Composer open={open} names={people.flatMap(({ id, name }) => (id === self ? [] : [name]))} onSay={onSay} />
		</aside>
	);
}

function Log({ messages, self, people }: Pick<ChatPanelProps, 'messages' | 'self' | 'people'>) {
	const t = useWords();
	const ref = useRef<HTMLDivElement>(null);
	const atEnd = useRef(true);
	const names = useMemo(() => people.map(({ name }) => name), [people]);
	const me = people.find(({ id }) => id === self)?.name;
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
				messages.map((message, index) => <Line key={index} message={message} before={messages[index - 1]} mine={message.from === self} names={names} me={me} />)
			)}
		</div>
	);
}

type LineProps = Readonly<{ message: ChatMessage; before: ChatMessage | undefined; mine: boolean; names: readonly string[]; me: string | undefined }>;

function Line({ message, before, mine, names, me }: LineProps) {
	const t = useWords();
	const at = Date.parse(message.at);
	const together = before !== undefined && before.from === message.from && at - Date.parse(before.at) < TOGETHER_MS;
	return (
		<div className="chat-line" data-together={together || undefined}>
			{together ? null : (
				<>
					<Avatar name={message.name} seed={message.from} size="2rem" />
					<p className="chat-head">
						<strong className="truncate" dir="auto">{mine ? t('app.you', { name: message.name }) : message.name}</strong>
						{Number.isNaN(at) ? null : <time dateTime={message.at}>{timeOfDay(t, at, Date.now())}</time>}
					</p>
				</>
			)}
			<p className="chat-text" dir="auto">
				{splitLinks(message.text).map((piece, index) =>
					piece.kind === 'text' ? (
						<Text key={index} text={piece.text} names={names} me={me} />
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

/** Words with the names mentioned in them set off. */
function Text({ text, names, me }: { text: string; names: readonly string[]; me: string | undefined }) {
	return splitMentions(text, names).map((piece, index) =>
		piece.kind === 'text' ? (
			piece.text
		) : (
			<strong key={index} className="mention" data-me={piece.name === me || undefined}>
				{piece.text}
			</strong>
		),
	);
}
