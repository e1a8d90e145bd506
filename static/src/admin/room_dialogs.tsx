import { useContext, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog } from '../design';
import { cancelRoom, endRoom, extendRoom } from './api';
import { clock, lengthWords, moment, within } from './format';
import type { Room } from './model';
import { here } from './parts';
import { useAction } from './poll';
import { FormFailure } from './reserve';
import { Choices } from './room_form';
import { SessionContext } from './session';
import { Sure } from './sure';
import type { Question } from './sure';
import { capital, failureWords, peopleWords, titleOf } from './words';

type DialogProps = { room: Room | null; onClose: () => void; onDone: () => void };

/** Ends the meeting of a room for everybody. */
export function EndDialog({ room, onClose, onDone }: DialogProps) {
	return <Sure question={room === null ? null : endQuestion(room)} onClose={onClose} onDone={onDone} />;
}

function endQuestion(room: Room): Question {
	const inside = room.participants === 0 ? 'Nobody is in it now.' : `${capital(peopleWords(room.participants))} will be sent out.`;
	const recorded = room.recording ? ' The recording stops and is kept.' : '';
	return {
		title: `End “${titleOf(room)}”`,
		text: `${inside}${recorded} Its links stop working at once. This can’t be undone.`,
		action: 'End meeting',
		done: `“${titleOf(room)}” has ended.`,
		work: (signal) => endRoom(room.id, signal),
	};
}

/** Cancels a room that is still to come. */
export function CancelDialog({ room, onClose, onDone }: DialogProps) {
	return <Sure question={room === null ? null : cancelQuestion(room)} onClose={onClose} onDone={onDone} />;
}

function cancelQuestion(room: Room): Question {
	return {
		title: `Cancel “${titleOf(room)}”`,
		text: `It was to start ${within(moment(room.start, Date.now(), here()))}. Its links will not open a meeting, and its calendar file becomes a cancellation. Plenum writes to nobody, so tell those you invited. This can’t be undone.`,
		action: 'Cancel room',
		dismiss: 'Keep it',
		done: `“${titleOf(room)}” was cancelled.`,
		work: (signal) => cancelRoom(room.id, signal),
	};
}

const MORE = [15, 30, 60, 120];

/** Moves the end of a room. */
export function ExtendDialog({ room, onClose, onDone }: DialogProps) {
	return (
		<Dialog open={room !== null} title={room === null ? '' : `Extend “${titleOf(room)}”`} onClose={onClose}>
			{room === null ? null : <ExtendForm room={room} onClose={onClose} onDone={onDone} />}
		</Dialog>
	);
}

function ExtendForm({ room, onClose, onDone }: { room: Room; onClose: () => void; onDone: () => void }) {
	const [minutes, setMinutes] = useState(15);
	const { notify } = useContext(SessionContext);
	const { busy, failure, run } = useAction();
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		run(async (signal) => {
			const now = await extendRoom(room.id, minutes, signal);
			notify({ tone: 'good', text: `“${titleOf(room)}” now ends ${within(moment(now.end, Date.now(), here()))}.` });
			onDone();
			onClose();
		});
	};
	return (
		<form className="form" onSubmit={submit}>
			<Choices legend="By how much" name="more" value={minutes} options={MORE.map((value) => ({ value, label: lengthWords(value * 60_000) }))} onPick={setMinutes} />
			<p className="form-note">
				It ends {within(moment(room.end, Date.now(), here()))}, and then at {clock(room.end + minutes * 60_000, here())}. Who is in it is told at once.
			</p>
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Extending…' : 'Extend room'}
			</Button>
		</form>
	);
}
