import { useContext, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog, Select, TextField } from '../design';
import { TextArea } from './live';
import { pushTo } from './live_api';
import type { Pushed } from './live_api';
import type { Attendant } from './model';
import { State } from './parts';
import { listRooms } from './api';
import { useAction, usePoll } from './poll';
import { deliveryWords } from './push_words';
import { blankPush, parsePush } from './push_form';
import type { PushForm, PushKind } from './push_form';
import { FormFailure } from './reserve';
import { Choices } from './room_form';
import { SessionContext } from './session';
import { failureWords, titleOf } from './words';

/** Sends a message to many at once, and shows what became of it. */
export function PushDialog({ open, attendants, onClose }: { open: boolean; attendants: readonly Attendant[]; onClose: () => void }) {
	return (
		<Dialog open={open} title="Push a message" onClose={onClose}>
			{open ? <PushFields attendants={attendants} onClose={onClose} /> : null}
		</Dialog>
	);
}

const loadOpen = (signal: AbortSignal) => listRooms({ state: 'open', before: Date.now(), limit: 200 }, signal);

function PushFields({ attendants, onClose }: { attendants: readonly Attendant[]; onClose: () => void }) {
	const { user } = useContext(SessionContext);
	const [form, setForm] = useState<PushForm>(blankPush);
	const [tried, setTried] = useState(false);
	const [result, setResult] = useState<Pushed | null>(null);
	const { busy, failure, run } = useAction();
	const parsed = parsePush(form);
	const set = (change: Partial<PushForm>) => setForm({ ...form, ...change });
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		setTried(true);
		if (!parsed.ok) return;
		run(async (signal) => setResult(await pushTo(parsed.to, parsed.info, signal)));
	};
	if (result !== null) return <Result result={result} attendants={attendants} onAgain={() => setResult(null)} onClose={onClose} />;
	const kinds: readonly Readonly<{ value: PushKind; label: string }>[] = [
		{ value: 'details', label: 'By a detail' },
		{ value: 'room', label: 'People in a room' },
		...(user.role === 'admin' ? [{ value: 'all', label: 'All attendants' } as const] : []),
	];
	const names = [...new Set(attendants.flatMap(({ details }) => Object.keys(details)))].sort();
	return (
		<form className="form" onSubmit={submit} noValidate>
			<Choices legend="To" name="to" value={form.kind} options={kinds} onPick={(kind) => set({ kind })} />
			{form.kind === 'details' ? (
				<div className="pair">
					<TextField label="Detail" list="detail-names" value={form.field} onChange={(event) => set({ field: event.currentTarget.value })} />
					<TextField label="Is" placeholder="bob" value={form.value} onChange={(event) => set({ value: event.currentTarget.value })} />
					<datalist id="detail-names">
						{names.map((name) => (
							<option key={name} value={name} />
						))}
					</datalist>
				</div>
			) : null}
			{form.kind === 'room' ? <RoomField value={form.room} onPick={(room) => set({ room })} /> : null}
			<TextArea label="Message" hint={form.kind === 'room' ? 'It is shown on top of the meeting, with your name.' : 'A text, or JSON if it begins with { or [. Attendants get it as it is.'} value={form.text} maxLength={form.kind === 'room' ? 1000 : 65_536} onChange={(text) => set({ text })} />
			{tried && !parsed.ok ? <FormFailure words={parsed.problem} /> : null}
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Sending…' : 'Push message'}
			</Button>
		</form>
	);
}

function RoomField({ value, onPick }: { value: string; onPick: (room: string) => void }) {
	const poll = usePoll(loadOpen, null);
	const rooms = poll.data?.rooms ?? [];
	const options = [{ value: '', label: poll.data === null ? 'Reading the rooms…' : rooms.length === 0 ? 'No room is open' : 'Choose a room' }, ...rooms.map((room) => ({ value: room.id, label: `${titleOf(room)} (${room.participants} in)` }))];
	return <Select label="Room" options={options} value={value} onPick={onPick} />;
}

function Result({ result, attendants, onAgain, onClose }: { result: Pushed; attendants: readonly Attendant[]; onAgain: () => void; onClose: () => void }) {
	const called = (channel: string) => {
		const found = attendants.find((one) => one.channel_name === channel);
		return found === undefined ? channel : `${found.details.my_id ?? found.user} (${channel})`;
	};
	return (
		<div className="form">
			<p className="made-title" role="status">
				{deliveryWords(result)}
			</p>
			{result.recipients.length === 0 ? null : (
				<ul className="results" tabIndex={0} aria-label="Recipients">
					{result.recipients.map(({ recipient, result: how }) => (
						<li key={recipient}>
							<span className="truncate" title={recipient}>
								{called(recipient)}
							</span>
							{how === 'delivered' ? <State tone="good">Delivered</State> : how === 'gone' ? <State tone="danger">Gone</State> : <State tone="danger">Did not read</State>}
						</li>
					))}
					{result.more > 0 ? <li className="quiet">and {result.more} more</li> : null}
				</ul>
			)}
			<div className="made-do">
				<Button onClick={onAgain}>Push again</Button>
				<Button kind="filled" onClick={onClose}>
					Done
				</Button>
			</div>
		</div>
	);
}
