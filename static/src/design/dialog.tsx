import { X } from 'lucide-react';
import { use, useEffect, useId, useRef } from 'react';
import type { ReactNode } from 'react';
import { Button, IconButton } from './button';
import { DesignWords } from './words';

export type DialogProps = {
	open: boolean;
	title: string;
	onClose: () => void;
	children: ReactNode;
	/** Buttons at the bottom, the one that acts last. */
	footer?: ReactNode;
};

/** A modal on the native dialog: focus moves in, Escape closes, focus returns to the opener. */
export function Dialog({ open, title, onClose, children, footer }: DialogProps) {
	const ref = useRef<HTMLDialogElement>(null);
	const id = useId();
	const { close } = use(DesignWords);
	useEffect(() => {
		const dialog = ref.current;
		if (dialog === null) return;
		if (open && !dialog.open) {
			dialog.showModal();
			firstIn(dialog)?.focus();
		}
		if (!open && dialog.open) dialog.close();
	}, [open]);
	return (
		<dialog
			ref={ref}
			className="dialog"
			aria-labelledby={id}
			onClose={onClose}
			onClick={(event) => {
				if (event.target === event.currentTarget) onClose();
			}}
		>
			<header>
				<h2 id={id} tabIndex={-1} dir="auto">
					{title}
				</h2>
				<IconButton label={close} icon={<X size={20} />} tip="none" onClick={onClose} />
			</header>
			<div className="dialog-body">{open ? children : null}</div>
			{footer === undefined ? null : <footer>{footer}</footer>}
		</dialog>
	);
}

/** What has the focus in a dialog that opens: its first control, or what takes nothing back, or its title; not the button that closes it. */
function firstIn(dialog: HTMLElement): HTMLElement | null {
	const controls = 'button:enabled, [href], input:enabled, select:enabled, textarea:enabled, [tabindex="0"]';
	return dialog.querySelector<HTMLElement>(`.dialog-body :is(${controls})`) ?? dialog.querySelector<HTMLElement>(`footer :is(${controls})`) ?? dialog.querySelector<HTMLElement>('h2');
}

export type ConfirmProps = {
	open: boolean;
	title: string;
	/** What will happen, to whom, and whether it can be undone. */
	text: string;
	/** The words on the button that does it. */
	action: string;
	/** How the button looks; "danger" when absent. */
	kind?: 'danger' | 'filled';
	onConfirm: () => void;
	onClose: () => void;
};

/** Asks before something that can't be taken back. */
export function Confirm({ open, title, text, action, kind = 'danger', onConfirm, onClose }: ConfirmProps) {
	const { cancel } = use(DesignWords);
	return (
		<Dialog
			open={open}
			title={title}
			onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>{cancel}</Button>
					<Button
						kind={kind}
						onClick={() => {
							onConfirm();
							onClose();
						}}
					>
						{action}
					</Button>
				</>
			}
		>
			<p>{text}</p>
		</Dialog>
	);
}
