import { ExternalLink } from 'lucide-react';
import { useContext, useEffect, useMemo, useRef, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog, Select, TextField } from '../design';
import { reserve } from './api';
import type { Reservation } from './api';
import { clock, curlLine, lengthWords, span, zones } from './format';
import type { Room } from './model';
import { CopyLine, here } from './parts';
import { useAction } from './poll';
import { SessionContext } from './session';
import { failureWords, titleOf } from './words';

const PRESETS = [30, 60, 90, 120];
const LONGEST_MIN = 7 * 24 * 60;

/** Minutes as typed; null when they are not a whole number from 1 to a week. */
export function parseMinutes(typed: string): number | null {
	const text = typed.trim();
	if (!/^\d{1,5}$/.test(text)) return null;
	const minutes = Number(text);
	return minutes >= 1 && minutes <= LONGEST_MIN ? minutes : null;
}

export type ReserveDialogProps = { open: boolean; onClose: () => void; onReserved: () => void };

/** Reserves a room and shows its links. */
export function ReserveDialog({ open, onClose, onReserved }: ReserveDialogProps) {
	const [made, setMade] = useState<Readonly<{ room: Room; asked: Reservation }> | null>(null);
	const close = () => {
		onClose();
		setMade(null);
	};
	return (
		<Dialog open={open} title={made === null ? 'Reserve a room' : 'Your room is open'} onClose={close}>
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

function ReserveForm({ onMade }: { onMade: (room: Room, asked: Reservation) => void }) {
	const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
	const options = useMemo(() => zones(Intl.supportedValuesOf('timeZone'), own).map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') })), [own]);
	const [description, setDescription] = useState('');
	const [preset, setPreset] = useState<number | null>(60);
	const [custom, setCustom] = useState('45');
	const [timezone, setTimezone] = useState(own);
	const [wrong, setWrong] = useState(false);
	const { busy, failure, run } = useAction();
	const now = useNow();
	const subject = useRef<HTMLInputElement>(null);
	useEffect(() => {
		queueMicrotask(() => subject.current?.focus()); // after the dialog has moved the focus in
	}, []);
	const minutes = preset ?? parseMinutes(custom);
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		setWrong(minutes === null);
		if (minutes === null) return;
		const asked = { duration: minutes, timezone, description: description.trim() };
		run(async (signal) => onMade(await reserve(asked, signal), asked));
	};
	const ends = minutes === null ? '' : ` The room is open at once, until ${clock(now + minutes * 60_000, here())} for you.`;
	return (
		<form className="form" onSubmit={submit} noValidate>
			<TextField
				label="What is it about"
				placeholder="Weekly planning"
				hint="Guests see it as the name of the meeting."
				maxLength={200}
				ref={subject}
				value={description}
				onChange={(event) => setDescription(event.currentTarget.value)}
			/>
			<Durations preset={preset} onPick={setPreset} />
			{preset === null ? (
				<TextField
					label="Minutes"
					inputMode="numeric"
					value={custom}
					error={wrong && minutes === null ? 'Enter whole minutes, from 1 to 10080 (a week).' : undefined}
					hint={minutes === null ? undefined : lengthWords(minutes * 60_000)}
					onChange={(event) => setCustom(event.currentTarget.value)}
				/>
			) : null}
			<Select
				label="Time zone"
				options={options}
				value={timezone}
				hint={`It is ${clock(now, { ...here(), zone: timezone })} there.${ends}`}
				onPick={setTimezone}
			/>
			{failure === null ? null : (
				<p className="form-error" role="alert">
					{failureWords(failure)}
				</p>
			)}
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Reserving…' : 'Reserve room'}
			</Button>
		</form>
	);
}

/** The time, right to a few seconds. */
function useNow(): number {
	const [now, setNow] = useState(() => Date.now());
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), 5000);
		return () => clearInterval(timer);
	}, []);
	return now;
}

function Durations({ preset, onPick }: { preset: number | null; onPick: (minutes: number | null) => void }) {
	return (
		<fieldset className="choices">
			<legend>Duration</legend>
			<div className="choice-row">
				{[...PRESETS, null].map((minutes) => (
					<label key={minutes} className="choice">
						<input type="radio" name="duration" checked={preset === minutes} onChange={() => onPick(minutes)} />
						<span>{minutes === null ? 'Other' : lengthWords(minutes * 60_000)}</span>
					</label>
				))}
			</div>
		</fieldset>
	);
}

function Made({ room, asked, onAgain, onClose }: { room: Room; asked: Reservation; onAgain: () => void; onClose: () => void }) {
	const { user } = useContext(SessionContext);
	const absolute = (path: string) => new URL(path, location.origin).href;
	return (
		<div className="form made">
			<div>
				<p className="made-title">{titleOf(room)}</p>
				<p className="quiet">{span(room.start, room.end, Date.now(), here())}</p>
			</div>
			<CopyLine label="Meeting link" value={absolute(room.meeting_url)} hint="Send this one to everybody you want to meet." />
			<CopyLine label="Host link" value={absolute(room.host_url)} hint="Whoever opens this one may record and end the meeting. Keep it to hosts." />
			<CopyLine label="The same from a shell" value={curlLine(location.origin, user.name, asked)} hint="Reserves another room like this one. It asks for your password." />
			<div className="made-do">
				<Button onClick={onAgain}>Reserve another</Button>
				<Button onClick={onClose}>Done</Button>
				<a className="button" data-kind="filled" href={room.host_url} target="_blank" rel="noopener">
					<ExternalLink size={16} aria-hidden="true" />
					Open as host
				</a>
			</div>
		</div>
	);
}
