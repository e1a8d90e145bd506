import { ChevronDown } from 'lucide-react';
import { useId } from 'react';
import type { ComponentPropsWithRef } from 'react';

type FieldProps = { label: string; hint?: string | undefined; error?: string | undefined; large?: boolean };

export type TextFieldProps = FieldProps & Omit<ComponentPropsWithRef<'input'>, 'className' | 'id'>;

/** A line of text with its label above, and a hint or an error below. */
export function TextField({ label, hint, error, large = false, ...rest }: TextFieldProps) {
	const id = useId();
	const note = error ?? hint;
	return (
		<div className="field" data-large={large || undefined}>
			<label htmlFor={id}>{label}</label>
			<input
				{...rest}
				id={id}
				className="control"
				aria-invalid={error !== undefined || undefined}
				aria-describedby={note === undefined ? undefined : `${id}-note`}
			/>
			{note === undefined ? null : (
				<p id={`${id}-note`} className={error === undefined ? 'hint' : 'error'}>
					{note}
				</p>
			)}
		</div>
	);
}

export type Option = Readonly<{ value: string; label: string }>;

export type SelectProps = FieldProps &
	Omit<ComponentPropsWithRef<'select'>, 'className' | 'id' | 'onChange' | 'children'> & {
		options: readonly Option[];
		onPick: (value: string) => void;
	};

/** A native select with its label above. */
export function Select({ label, hint, error, large = false, options, onPick, ...rest }: SelectProps) {
	const id = useId();
	const note = error ?? hint;
	return (
		<div className="field" data-large={large || undefined}>
			<label htmlFor={id}>{label}</label>
			<span className="select">
				<select
					{...rest}
					id={id}
					className="control"
					aria-describedby={note === undefined ? undefined : `${id}-note`}
					onChange={(event) => onPick(event.currentTarget.value)}
				>
					{options.map((option) => (
						<option key={option.value} value={option.value}>
							{option.label}
						</option>
					))}
				</select>
				<ChevronDown size={16} aria-hidden="true" />
			</span>
			{note === undefined ? null : (
				<p id={`${id}-note`} className={error === undefined ? 'hint' : 'error'}>
					{note}
				</p>
			)}
		</div>
	);
}

export type SwitchProps = Readonly<{ label: string; on: boolean; onChange: (on: boolean) => void }>;

/** Something that is on or off. */
export function Switch({ label, on, onChange }: SwitchProps) {
	return (
		<label className="switch">
			<span>{label}</span>
			<input type="checkbox" role="switch" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} />
		</label>
	);
}

export type SliderProps = Readonly<{ label: string; min: number; max: number; step: number; value: number; onChange: (value: number) => void }>;

/** A number between two bounds. */
export function Slider({ label, onChange, ...rest }: SliderProps) {
	const id = useId();
	return (
		<div className="field">
			<label htmlFor={id}>{label}</label>
			<input {...rest} id={id} type="range" className="slider" onChange={(event) => onChange(event.currentTarget.valueAsNumber)} />
		</div>
	);
}
