import { Download, FileText, Lock } from 'lucide-react';
import { useState } from 'react';
import type { ChatLine, SharedFile } from '../client';
import { Avatar } from '../design';
import { useWords } from '../words';
import { bytesInWords } from './bytes';
import { splitLinks } from './links';
import { splitMentions } from './mentions';
import { timeOfDay } from './time';

export type LineProps = Readonly<{
	line: ChatLine;
	before: ChatLine | undefined;
	/** The viewer's participant id. */
	self: string;
	names: readonly string[];
	/** The viewer's name. */
	me: string | undefined;
	/** Where a file can be read. */
	addressOf: (file: string) => string | undefined;
}>;

/** Lines of one sender within this many milliseconds stand under one name. */
const TOGETHER_MS = 120_000;

/** Pictures larger than this, in bytes, are not shown before they are asked for. */
const SHOWN_SIZE = 10_000_000;

/** One line of the chat: words, or a file. */
export function Line({ line, before, self, names, me, addressOf }: LineProps) {
	const t = useWords();
	const mine = line.from === self;
	const at = Date.parse(line.at);
	const together = before !== undefined && before.from === line.from && before.to === line.to && at - Date.parse(before.at) < TOGETHER_MS;
	return (
		<div className="chat-line" data-together={together || undefined} data-private={line.to === undefined ? undefined : true}>
			{together ? null : (
				<>
					<Avatar name={line.name} seed={line.from} size="2rem" />
					<p className="chat-head">
						<strong className="truncate" dir="auto">{mine ? t('app.you', { name: line.name }) : line.name}</strong>
						{Number.isNaN(at) ? null : <time dateTime={line.at}>{timeOfDay(t, at, Date.now())}</time>}
					</p>
				</>
			)}
			<div className="chat-body">
				{line.to === undefined || together ? null : (
					<p className="chat-private">
						<Lock size={16} aria-hidden="true" /> <span>{mine ? t('chat.lineTo', { name: line.toName ?? '' }) : t('chat.lineToYou')}</span>
					</p>
				)}
				{line.text === '' ? null : <Said text={line.text} names={names} me={me} />}
				{line.file === undefined ? null : <FileCard file={line.file} address={addressOf(line.file.id)} />}
			</div>
		</div>
	);
}

function Said({ text, names, me }: Pick<LineProps, 'names' | 'me'> & { text: string }) {
	return (
		<p className="chat-text" dir="auto">
			{splitLinks(text).map((piece, index) =>
				piece.kind === 'text' ? (
					<Mentioning key={index} text={piece.text} names={names} me={me} />
				) : (
					<a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
						{piece.text}
					</a>
				),
			)}
		</p>
	);
}

/** Words with the names mentioned in them set off. */
function Mentioning({ text, names, me }: { text: string; names: readonly string[]; me: string | undefined }) {
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

/** A file to save, with its picture if it is one. It is never opened as a page. */
function FileCard({ file, address }: { file: SharedFile; address: string | undefined }) {
	const t = useWords();
	const [broken, setBroken] = useState(false);
	const size = bytesInWords(t, file.size);
	return (
		<a className="file-card" href={address} download={file.name}>
			<span className="unseen">{t('chat.download', { name: file.name, size })}</span>
			{file.picture && !broken && file.size <= SHOWN_SIZE ? <img src={address} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} /> : null}
			<span className="file-facts" aria-hidden="true">
				<FileText size={20} />
				<span className="file-name">
					<span className="truncate" dir="auto">{file.name}</span>
					<span className="quiet ticking">{size}</span>
				</span>
				<Download size={20} />
			</span>
		</a>
	);
}
