import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog, Select } from '../design';
import { signLink } from './derived_api';
import type { FileLink } from './derived_api';
import { moment, within } from './format';
import type { Recording } from './model';
import { CopyLine, here } from './parts';
import { useAction } from './poll';
import { FormFailure } from './reserve';
import { failureWords } from './words';

const LASTS = [
	{ value: '3600', label: 'One hour' },
	{ value: '86400', label: 'A day' },
	{ value: '604800', label: 'A week' },
];

/** Signs a link to a file of a recording, to all of them if file is "", or shows nothing if it is null. */
export function FileLinkDialog({ recording, file, onClose }: { recording: Recording; file: string | null; onClose: () => void }) {
	return (
		<Dialog open={file !== null} title="A link that needs no login" onClose={onClose}>
			{file === null ? null : <LinkForm recording={recording} first={file} onClose={onClose} />}
		</Dialog>
	);
}

function LinkForm({ recording, first, onClose }: { recording: Recording; first: string; onClose: () => void }) {
	const [file, setFile] = useState(first);
	const [seconds, setSeconds] = useState('86400');
	const [made, setMade] = useState<FileLink | null>(null);
	const { busy, failure, run } = useAction();
	const options = [
		{ value: '', label: 'All files, as a ZIP' },
		...recording.derived.map(({ path, title }) => ({ value: path, label: title === '' ? path : title })),
		...recording.tracks.filter(({ state }) => state !== 'open').map(({ path, participant, source }) => ({ value: path, label: `${recording.participants.find(({ id }) => id === participant)?.name ?? participant}, ${source}` })),
	];
	if (made !== null) {
		return (
			<div className="form made">
				<CopyLine label="Link" value={new URL(made.url, location.origin).href} hint={`Whoever has it can download until ${within(moment(made.expires_at, Date.now(), here()))}, or until the recording is deleted.`} />
				<div className="made-do">
					<Button onClick={() => setMade(null)}>Make another</Button>
					<Button kind="filled" onClick={onClose}>
						Done
					</Button>
				</div>
			</div>
		);
	}
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		run(async (signal) => setMade(await signLink(recording.id, file, Number(seconds), signal)));
	};
	return (
		<form className="form" onSubmit={submit}>
			<Select label="To" options={options} value={file} onPick={setFile} />
			<Select label="Works for" options={LASTS} value={seconds} onPick={setSeconds} />
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Signing…' : 'Make link'}
			</Button>
		</form>
	);
}
