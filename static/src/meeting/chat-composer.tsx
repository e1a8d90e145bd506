import { SendHorizontal } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import type { KeyboardEvent, SubmitEvent } from 'react';
import { IconButton } from '../design';
import { useWords } from '../words';
import { offerNames } from './mentions';

export type ComposerProps = Readonly<{
	/** The line to the server is up. */
	open: boolean;
	/** Who can be mentioned. */
	names: readonly string[];
	onSay: (text: string) => void;
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

/** The field to write a message in. Names are offered after an @. */
export function Composer({ open, names, onSay }: ComposerProps) {
	const t = useWords();
	const list = useId();
	const { text, field, offer, at, write, setCaret, mention, steer } = useDraft(names);
	const words = text.trim();
	useEffect(() => field.current?.focus(), [field]);
	useLayoutEffect(() => {
		if (field.current === null) return;
		field.current.style.height = 'auto';
		field.current.style.height = `${field.current.scrollHeight + 2}px`; // two for the borders
	}, [field, text]);
	const send = () => {
		if (words === '' || !open) return;
		onSay(words);
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
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		send();
	};
	return (
		<form className="composer field" onSubmit={submit}>
			{offer === undefined ? null : (
				<ul id={list} className="mentions" role="listbox" aria-label={t('chat.mention')}>
					{offer.names.map((name, index) => (
						// The field keeps the focus, so the keys are handled there.
						<li key={name} id={`${list}-${index}`} role="option" aria-selected={index === at} className="menu-item truncate" dir="auto" onPointerDown={(event) => event.preventDefault()} onClick={() => mention(name)}>
							{name}
						</li>
					))}
				</ul>
			)}
			<textarea
				ref={field}
				className="control"
				dir="auto"
				aria-label={t('chat.message')}
				aria-autocomplete="list"
				{...(offer === undefined ? {} : { 'aria-controls': list, 'aria-activedescendant': `${list}-${at}` })}
				placeholder={open ? t('chat.placeholder') : t('app.reconnecting')}
				rows={1}
				maxLength={LONGEST}
				value={text}
				onChange={({ currentTarget }) => write(currentTarget.value, currentTarget.selectionStart)}
				onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
				onKeyDown={pressed}
			/>
			<IconButton label={t('chat.send')} type="submit" icon={<SendHorizontal size={20} className="onward" />} tip="none" disabled={words === '' || !open} />
		</form>
	);
}
