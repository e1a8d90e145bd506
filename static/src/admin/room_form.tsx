import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Select, Switch, TextField } from '../design';
import { clock, lengthWords, span, zones } from './format';
import type { AudienceRight, GuestRole, RecordingPolicy } from './model';
import { here } from './parts';
import { timesOf } from './wish';
import type { FormErrors, RoomForm } from './wish';
import { ownZone } from './zone';

const PRESETS = [30, 60, 90, 120];

/** The fields a room is reserved and changed with. */
export type FieldsProps = {
	form: RoomForm;
	errors: FormErrors;
	now: number;
	onChange: (change: Partial<RoomForm>) => void;
};

/** What the room is about. */
export function SubjectField({ form, onChange }: Pick<FieldsProps, 'form' | 'onChange'>) {
	return (
		<TextField
			label="What is it about"
			placeholder="Weekly planning"
			hint="Guests see it as the name of the meeting."
			maxLength={500}
			value={form.description}
			onChange={(event) => onChange({ description: event.currentTarget.value })}
		/>
	);
}

/** One of a few things, as buttons beside each other. */
export function Choices<T extends string | number | null>(props: { legend: string; name: string; value: T; options: readonly Readonly<{ value: T; label: string }>[]; onPick: (value: T) => void }) {
	const { legend, name, value, options, onPick } = props;
	return (
		<fieldset className="choices">
			<legend>{legend}</legend>
			<div className="choice-row">
				{options.map((option) => (
					<label key={String(option.value)} className="choice">
						<input type="radio" name={name} checked={option.value === value} onChange={() => onPick(option.value)} />
						<span>{option.label}</span>
					</label>
				))}
			</div>
		</fieldset>
	);
}

/** Several of a few things, as ticks below each other. */
export function Ticks<T extends string>(props: { legend: string; hint?: ReactNode; values: readonly T[]; options: readonly Readonly<{ value: T; label: string; hint?: string }>[]; onPick: (values: readonly T[]) => void }) {
	const { legend, hint, values, options, onPick } = props;
	return (
		<fieldset className="choices">
			<legend>{legend}</legend>
			<div className="ticks">
				{options.map(({ value, label, hint: more }) => (
					<label key={value} className="tick-box">
						<input
							type="checkbox"
							checked={values.includes(value)}
							onChange={(event) => onPick(event.currentTarget.checked ? options.map((one) => one.value).filter((one) => one === value || values.includes(one)) : values.filter((one) => one !== value))}
						/>
						<span>
							{label}
							{more === undefined ? null : <span className="second">{more}</span>}
						</span>
					</label>
				))}
			</div>
			{hint === undefined ? null : <p className="hint">{hint}</p>}
		</fieldset>
	);
}

/** When it starts and ends, and in which zone that is meant. */
export function TimeFields({ form, errors, now, onChange }: FieldsProps) {
	const options = useMemo(() => zones(Intl.supportedValuesOf('timeZone'), form.timezone).map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') })), [form.timezone]);
	return (
		<>
			{form.when === 'later' ? <Moment what="Starts" error={errors.start} date={form.date} time={form.time} onDate={(date) => onChange({ date, ...(form.untilDate < date ? { untilDate: date } : {}) })} onTime={(time) => onChange({ time })} /> : null}
			<Choices
				legend="Lasts"
				name="lasts"
				value={form.preset}
				onPick={(preset) => onChange({ preset })}
				options={[...PRESETS.map((minutes) => ({ value: minutes, label: lengthWords(minutes * 60_000) })), { value: null, label: 'Minutes' }, { value: 'until' as const, label: 'Until' }]}
			/>
			{form.preset === null ? (
				<TextField label="Minutes" inputMode="numeric" value={form.custom} error={errors.custom} onChange={(event) => onChange({ custom: event.currentTarget.value })} />
			) : null}
			{form.preset === 'until' ? (
				<Moment what="Ends" error={errors.until} date={form.untilDate} time={form.untilTime} onDate={(untilDate) => onChange({ untilDate })} onTime={(untilTime) => onChange({ untilTime })} />
			) : null}
			<Select label="Time zone" options={options} value={form.timezone} hint={`It is ${clock(now, { ...here(), zone: form.timezone })} there now.`} onPick={(timezone) => onChange({ timezone })} />
			<TimeWords form={form} now={now} />
		</>
	);
}

function Moment(props: { what: string; error: string | undefined; date: string; time: string; onDate: (date: string) => void; onTime: (time: string) => void }) {
	const { what, error, date, time, onDate, onTime } = props;
	return (
		<div className="pair">
			<TextField label={`${what} on`} type="date" required value={date} error={error} onChange={(event) => onDate(event.currentTarget.value)} />
			<TextField label={`${what} at`} type="time" required value={time} aria-invalid={error !== undefined || undefined} onChange={(event) => onTime(event.currentTarget.value)} />
		</div>
	);
}

/** What the times mean for whoever fills the form. */
function TimeWords({ form, now }: { form: RoomForm; now: number }) {
	const { start, end, skipped } = timesOf(form, now);
	if (start === null || end === null || end <= start) return null;
	const yours = form.timezone === ownZone() ? '' : ' for you';
	const when = form.when === 'now' ? `Open at once, until ${clock(end, here())}${yours}` : `${span(start, end, now, here())}${yours}`;
	return (
		<p className="form-note" role="status">
			{when}, {lengthWords(end - start)}.{skipped ? ' Clocks are put forward over a time you entered, so it is counted on from there.' : ''}
		</p>
	);
}

const POLICIES: readonly Readonly<{ value: RecordingPolicy; label: string }>[] = [
	{ value: 'manual', label: 'When a host starts it' },
	{ value: 'automatic', label: 'From the first who enters' },
	{ value: 'voice', label: 'When a host starts it, voices only' },
	{ value: 'off', label: 'Never' },
];

const GUESTS: readonly Readonly<{ value: GuestRole; label: string }>[] = [
	{ value: 'speaker', label: 'Speak and be seen' },
	{ value: 'audience', label: 'Watch and listen' },
];

const RIGHTS: readonly Readonly<{ value: AudienceRight; label: string }>[] = [
	{ value: 'chat', label: 'Write in the chat' },
	{ value: 'hand', label: 'Raise a hand' },
	{ value: 'reaction', label: 'Send reactions' },
];

/** Who gets in, what they may, and whether it is recorded. */
export function RuleFields({ form, errors, onChange }: FieldsProps) {
	return (
		<>
			<div className="pair">
				<TextField label="Most people at once" inputMode="numeric" placeholder="No limit of its own" value={form.capacity} error={errors.capacity} onChange={(event) => onChange({ capacity: event.currentTarget.value })} />
				<Select label="Recorded" options={POLICIES} value={form.policy} onPick={(policy) => onChange({ policy: POLICIES.find(({ value }) => value === policy)?.value ?? 'manual' })} />
			</div>
			<PasscodeField form={form} error={errors.passcode} onChange={onChange} />
			<Switch label="Guests wait until a host lets them in" on={form.lobby} onChange={(lobby) => onChange({ lobby })} />
			<Choices legend="Guests may" name="guests" value={form.guestRole} options={GUESTS} onPick={(guestRole) => onChange({ guestRole })} />
			{form.guestRole === 'audience' ? <Ticks legend="The audience may also" values={form.audienceMay} options={RIGHTS} onPick={(audienceMay) => onChange({ audienceMay })} /> : null}
		</>
	);
}

function PasscodeField({ form, error, onChange }: { form: RoomForm; error: string | undefined; onChange: FieldsProps['onChange'] }) {
	if (form.passcodeIs === 'kept') {
		return (
			<Select
				label="Passcode"
				options={[
					{ value: 'kept', label: 'Stays as it is' },
					{ value: 'set', label: 'Another one' },
					{ value: 'none', label: 'None from now on' },
				]}
				value={form.passcodeIs}
				hint="It is never shown again."
				onPick={(value) => onChange({ passcodeIs: value === 'set' ? 'set' : value === 'none' ? 'none' : 'kept' })}
			/>
		);
	}
	return (
		<TextField
			label="Passcode"
			placeholder="None"
			autoComplete="off"
			maxLength={64}
			value={form.passcode}
			error={error}
			hint="Who comes by the meeting link is asked for it. Tell it to guests another way than the link."
			onChange={(event) => onChange({ passcode: event.currentTarget.value, passcodeIs: event.currentTarget.value === '' ? 'none' : 'set' })}
		/>
	);
}
