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
