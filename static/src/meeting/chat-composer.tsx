import { ChevronDown, Lock, SendHorizontal, UsersRound } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { ClipboardEvent, KeyboardEvent, SubmitEvent } from 'react';
import { mayJoinIn } from '../client';
import type { Meeting } from '../client';
import { Button, IconButton, Menu } from '../design';
import type { MenuItem } from '../design';
import { useWords } from '../words';
import { AttachButton, Tray } from './chat-files';
import { offerNames } from './mentions';

/** Who alone gets what is written. The name stays when they have left. */
export type Addressee = Readonly<{ id: string; name: string }>;

export type ComposerProps = Readonly<{
	/** The line to the server is up. */
	open: boolean;
	meeting: Meeting;
	/** Undefined for everybody. */
	to: Addressee | undefined;
	onTo: (to: Addressee | undefined) => void;
	/** What goes out with the message. */
	files: readonly File[];
	/** Undefined where files are not shared. */
	onFiles: ((change: (old: readonly File[]) => readonly File[]) => void) | undefined;
	/** Sends the words, if any, and the files. */
	onSend: (text: string) => void;
}>;

/** The longest message that the server takes, in characters. */
const LONGEST = 4000;

/** The text being written, and the names offered after an @. */
function useDraft(names: readonly string[]) {
	const [text, setText] = useState('');
	const [caret, setCaret] = useState(0);
	const [chosen, setChosen] = useState(0);
	const [closed, setClosed] = useState(false);
	const field = useRef<HTMLTextAreaElement>(null);
	const offer = closed ? undefined : offerNames(text, caret, names);
	const at = offer === undefined ? 0 : Math.min(chosen, offer.names.length - 1);
	const write = (value: string, position: number) => {
		setText(value);
		setCaret(position);
		setChosen(0);
		setClosed(false);
	};
	const mention = (name: string | undefined) => {
		if (offer === undefined || name === undefined) return;
		const before = `${text.slice(0, offer.from)}@${name} `;
		write(before + text.slice(caret).replace(/^ /, ''), before.length);
		setClosed(true);
		requestAnimationFrame(() => field.current?.setSelectionRange(before.length, before.length));
	};
	const steer = (event: KeyboardEvent): boolean => {
		if (offer === undefined) return false;
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step !== undefined) setChosen((at + step + offer.names.length) % offer.names.length);
		else if (event.key === 'Enter' || event.key === 'Tab') mention(offer.names[at]);
		else if (event.key === 'Escape') setClosed(true);
		else return false;
		return true;
	};
	return { text, field, offer, at, write, setCaret, mention, steer };
}

/** The field to write a message in, and to whom. Names are offered after an @. */
export function Composer({ open, meeting, to, onTo, files, onFiles, onSend }: ComposerProps) {
	const t = useWords();
	const list = useId();
	const others = useMemo(() => meeting.participants.filter(({ id }) => id !== meeting.self), [meeting.participants, meeting.self]);
	const { text, field, offer, at, write, setCaret, mention, steer } = useDraft(useMemo(() => others.map(({ name }) => name), [others]));
	const words = text.trim();
	const gone = to !== undefined && !others.some(({ id, name }) => id === to.id && name === to.name); // in the room's next life the id is somebody else's
	const idle = !open || gone || (words === '' && files.length === 0);
	useEffect(() => field.current?.focus(), [field, to]);
	useLayoutEffect(() => {
		if (field.current === null) return;
		field.current.style.height = 'auto';
		field.current.style.height = `${field.current.scrollHeight + 2}px`; // two for the borders
	}, [field, text]);
	const send = () => {
		if (idle) return;
		onSend(words);
		write('', 0);
		field.current?.focus(); // the button goes out of use with the text
	};
	const pressed = (event: KeyboardEvent) => {
		if (event.nativeEvent.isComposing) return;
		if (steer(event)) {
			event.preventDefault();
			return;
		}
		if (event.key !== 'Enter' || event.shiftKey) return;
		event.preventDefault();
		send();
	};
	const pasted = (event: ClipboardEvent) => {
		const found = [...event.clipboardData.files];
		if (found.length === 0 || onFiles === undefined) return;
		event.preventDefault();
		onFiles((old) => [...old, ...found]);
	};
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		send();
	};
	return (
		<form className="composer field" data-private={to === undefined ? undefined : true} onSubmit={submit}>
			<To meeting={meeting} to={to} gone={gone} onTo={onTo} />
			<Tray files={files} onRemove={(file) => onFiles?.((old) => old.filter((one) => one !== file))} />
			{offer === undefined ? null : <Names id={list} names={offer.names} at={at} onPick={mention} />}
			<div className="composer-row">
				{onFiles === undefined ? null : <AttachButton disabled={!open || gone} onFiles={(found) => onFiles((old) => [...old, ...found])} />}
				<textarea
					ref={field}
					className="control"
					dir="auto"
					aria-label={t('chat.message')}
					aria-autocomplete="list"
					{...(offer === undefined ? {} : { 'aria-controls': list, 'aria-activedescendant': `${list}-${at}` })}
					placeholder={placeholder()}
					rows={1}
					maxLength={LONGEST}
					value={text}
					onChange={({ currentTarget }) => write(currentTarget.value, currentTarget.selectionStart)}
					onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
					onKeyDown={pressed}
					onPaste={pasted}
				/>
				<IconButton label={t('chat.send')} type="submit" icon={<SendHorizontal size={20} className="onward" />} tip="none" className="send" disabled={idle} />
			</div>
		</form>
	);

	function placeholder(): string {
		if (!open) return t('app.reconnecting');
		return to === undefined ? t('chat.placeholder') : t('chat.placeholderOne', { name: to.name });
	}
}

/** The names offered after an @. The field keeps the focus, so the keys are handled there. */
function Names({ id, names, at, onPick }: { id: string; names: readonly string[]; at: number; onPick: (name: string) => void }) {
	const t = useWords();
	return (
		<ul id={id} className="mentions" role="listbox" aria-label={t('chat.mention')}>
			{names.map((name, index) => (
				<li key={name} id={`${id}-${index}`} role="option" aria-selected={index === at} className="menu-item truncate" dir="auto" onPointerDown={(event) => event.preventDefault()} onClick={() => onPick(name)}>
					{name}
				</li>
			))}
		</ul>
	);
}

/** Says who gets what is written, and lets the viewer choose. */
function To({ gone, ...rest }: Pick<ComposerProps, 'meeting' | 'to' | 'onTo'> & { gone: boolean }) {
	const t = useWords();
	const { to } = rest;
	return (
		<div className="composer-to">
			<ToMenu {...rest} />
			{to === undefined ? null : (
				<p className={gone ? 'composer-gone' : 'quiet'} role={gone ? 'alert' : undefined}>
					{gone ? t('chat.gone', { name: to.name }) : t('chat.onlyYouTwo')}
				</p>
			)}
		</div>
	);
}

/** Chooses who gets what is written: everybody, or one who can read and answer it. */
function ToMenu({ meeting, to, onTo }: Pick<ComposerProps, 'meeting' | 'to' | 'onTo'>) {
	const t = useWords();
	const items = useMemo((): MenuItem[] => {
		const readers = meeting.participants.filter(({ id, role }) => id !== meeting.self && mayJoinIn({ role, room: meeting.room }, 'chat'));
		return [
			{ kind: 'choice', label: t('chat.everybody'), chosen: to === undefined, onPick: () => onTo(undefined) },
			...(readers.length === 0 ? [] : [{ kind: 'line' } as const]),
			...readers.map(({ id, name }): MenuItem => ({ kind: 'choice', label: name, chosen: id === to?.id, onPick: () => onTo({ id, name }) })),
		];
	}, [t, meeting, to, onTo]);
	return (
		<Menu
			label={t('chat.sendTo')}
			items={items}
			opener={(props) => (
				<Button {...props} kind="plain" className="to-button" icon={to === undefined ? <UsersRound size={16} aria-hidden="true" /> : <Lock size={16} aria-hidden="true" />}>
					<span className="truncate">{to === undefined ? t('chat.toEverybody') : t('chat.toOne', { name: to.name })}</span>
					<ChevronDown size={16} aria-hidden="true" />
				</Button>
			)}
		/>
	);
}
