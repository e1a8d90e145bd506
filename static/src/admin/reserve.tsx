import { Download, ExternalLink } from 'lucide-react';
import { useContext, useEffect, useRef, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog } from '../design';
import { changeRoom, getRoom, reserve } from './api';
import type { RoomWish, Versioned } from './api';
import { curlLine, span } from './format';
import { newKey } from './http';
import type { Room } from './model';
import { CopyLine, here } from './parts';
import { useAction } from './poll';
import { Choices, RuleFields, SubjectField, TimeFields } from './room_form';
import { Link } from './router';
import { SessionContext } from './session';
import { failureWords, titleOf } from './words';
import { blankForm, changeOf, errorsOf, formOf, wishOf } from './wish';
import type { FormErrors, RoomForm } from './wish';
import { ownZone } from './zone';

export type ReserveDialogProps = { open: boolean; onClose: () => void; onReserved: () => void };

/** Reserves a room and shows its links. */
export function ReserveDialog({ open, onClose, onReserved }: ReserveDialogProps) {
	const [made, setMade] = useState<Readonly<{ room: Room; asked: RoomWish }> | null>(null);
	const close = () => {
		onClose();
		setMade(null);
	};
	const title = made === null ? 'Reserve a room' : made.room.start > Date.now() ? 'Your room is reserved' : 'Your room is open';
	return (
		<Dialog open={open} title={title} onClose={close}>
			{made === null ? (
				<ReserveForm
					onMade={(room, asked) => {
						setMade({ room, asked });
						onReserved();
					}}
				/>
			) : (
				<Made room={made.room} asked={made.asked} onAgain={() => setMade(null)} onClose={close} />
			)}
		</Dialog>
	);
}

function ReserveForm({ onMade }: { onMade: (room: Room, asked: RoomWish) => void }) {
	const now = useNow();
	const [form, setForm] = useState<RoomForm>(() => blankForm(Date.now(), ownZone()));
	const [errors, setErrors] = useState<FormErrors>({});
	const { busy, failure, run } = useAction();
	const key = useRef({ wish: '', key: '' });
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		const found = errorsOf(form, Date.now());
		setErrors(found);
		if (Object.keys(found).length > 0) return;
		const asked = wishOf(form, Date.now());
		const text = JSON.stringify(asked);
		if (key.current.wish !== text) key.current = { wish: text, key: newKey() }; // the same wish, tried again, makes no second room
		run(async (signal) => onMade(await reserve(asked, signal, key.current.key), asked));
	};
	const props = { form, errors, now, onChange: (change: Partial<RoomForm>) => setForm({ ...form, ...change }) };
	return (
		<form className="form" onSubmit={submit} noValidate>
			<SubjectField {...props} />
			<Choices
				legend="Opens"
				name="opens"
				value={form.when}
				options={[
					{ value: 'now', label: 'Now' },
					{ value: 'later', label: 'Later' },
				]}
				onPick={(when) => props.onChange({ when })}
			/>
			<TimeFields {...props} />
			<details className="more-fields" open={errors.capacity !== undefined || errors.passcode !== undefined || undefined}>
				<summary>Passcode, lobby, recording and roles</summary>
				<div className="form">
					<RuleFields {...props} />
				</div>
			</details>
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Reserving…' : 'Reserve room'}
			</Button>
		</form>
	);
}

/** Why a form could not be sent. */
export function FormFailure({ words }: { words: string | null }) {
	if (words === null) return null;
	return (
		<p className="form-error" role="alert">
			{words}
		</p>
	);
}

/** The time, right to a few seconds. */
export function useNow(): number {
	const [now, setNow] = useState(() => Date.now());
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), 5000);
		return () => clearInterval(timer);
	}, []);
	return now;
}

/** Changes a room. It reads the newest version first, and does not overwrite what somebody else changed meanwhile. */
export function EditDialog({ room, onClose, onChanged }: { room: Room | null; onClose: () => void; onChanged: () => void }) {
	return (
		<Dialog open={room !== null} title={room === null ? '' : `Change “${titleOf(room)}”`} onClose={onClose}>
			{room === null ? null : <EditLoader key={room.id} id={room.id} onClose={onClose} onChanged={onChanged} />}
		</Dialog>
	);
}

function EditLoader({ id, onClose, onChanged }: { id: string; onClose: () => void; onChanged: () => void }) {
	const [read, setRead] = useState<Versioned | null>(null);
	const { failure, run } = useAction();
	useEffect(() => {
		run(async (signal) => setRead(await getRoom(id, signal)));
	}, [id, run]);
	if (read === null) return failure === null ? <p className="quiet">Reading the room…</p> : <FormFailure words={failureWords(failure)} />;
	return <EditForm read={read} onClose={onClose} onChanged={onChanged} />;
}

function EditForm({ read: { room, etag }, onClose, onChanged }: { read: Versioned; onClose: () => void; onChanged: () => void }) {
	const now = useNow();
	const fixed = now >= room.start;
	const [form, setForm] = useState<RoomForm>(() => formOf(room));
	const [errors, setErrors] = useState<FormErrors>({});
	const { notify } = useContext(SessionContext);
	const { busy, failure, run } = useAction();
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		const found = errorsOf(form, Date.now(), fixed);
		setErrors(found);
		if (Object.keys(found).length > 0) return;
		const change = changeOf(form, room, Date.now(), fixed);
		run(async (signal) => {
			if (Object.keys(change).length > 0) await changeRoom(room.id, change, etag, signal);
			notify({ tone: 'good', text: `“${titleOf({ title: form.description })}” was changed.` });
			onChanged();
			onClose();
		});
	};
	const props = { form, errors, now, onChange: (change: Partial<RoomForm>) => setForm({ ...form, ...change }) };
	return (
		<form className="form" onSubmit={submit} noValidate>
			<SubjectField {...props} />
			{fixed ? <p className="form-note">It has begun, so its start stays. To move the end, use Extend.</p> : <TimeFields {...props} />}
			<RuleFields {...props} />
			<FormFailure words={failure === null ? null : failure.kind === 'refused' && failure.status === 412 ? 'Somebody else changed this room meanwhile. Close this and open it again to see it.' : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Saving…' : 'Save changes'}
			</Button>
		</form>
	);
}

function Made({ room, asked, onAgain, onClose }: { room: Room; asked: RoomWish; onAgain: () => void; onClose: () => void }) {
	const { user } = useContext(SessionContext);
	const absolute = (path: string) => new URL(path, location.origin).href;
	const now = Date.now();
	return (
		<div className="form made">
			<div>
				<p className="made-title">{titleOf(room)}</p>
				<p className="quiet">{span(room.start, room.end, now, here())}</p>
			</div>
			<CopyLine label="Meeting link" value={absolute(room.meeting_url)} hint={room.has_passcode ? 'Send this one to everybody you want to meet, and the passcode another way.' : 'Send this one to everybody you want to meet.'} />
			<CopyLine label="Host link" value={absolute(room.host_url)} hint="Whoever opens this one may record and end the meeting. Keep it to hosts." />
			<CopyLine
				label="The same from a shell"
				value={curlLine(location.origin, user.name, asked)}
				hint="Reserves another room like this one. It asks for your password."
			/>
			<div className="made-do">
				<Button onClick={onAgain}>Reserve another</Button>
				<a className="button" data-kind="outlined" href={calendarUrl(room)} download>
					<Download size={16} aria-hidden="true" />
					Calendar file
				</a>
				{room.start > now ? (
					<Link className="button" data-kind="filled" to={{ page: 'room', id: room.id, tab: 'now' }} onClick={onClose}>
						See the room
					</Link>
				) : (
					<a className="button" data-kind="filled" href={room.host_url} target="_blank" rel="noopener">
						<ExternalLink size={16} aria-hidden="true" />
						Open as host
					</a>
				)}
			</div>
		</div>
	);
}

/** Where a room's calendar file is. */
export function calendarUrl(room: Pick<Room, 'id'>): string {
	return `/api/v1/rooms/${encodeURIComponent(room.id)}/calendar.ics`;
}
