import { CAMERA_HEIGHTS, CAMERA_RATES } from '../client';
import type { DeviceControl, Preferences, Theme } from '../client';
import { Dialog, Select } from '../design';
import { LANGUAGE_NAMES, LANGUAGES, useWords } from '../words';
import { DevicePicks } from './preview';
import { keysInWords, SHORTCUTS } from './shortcuts';

export type SettingsProps = Readonly<{
	open: boolean;
	devices: DeviceControl;
	preferences: Preferences;
	onPreferences: (change: Partial<Preferences>) => void;
	onClose: () => void;
}>;

const THEMES: readonly Theme[] = ['dark', 'light', 'system'];

/** Devices, the camera's picture, how the page looks, and its keys. */
export function SettingsDialog({ open, devices, preferences, onPreferences, onClose }: SettingsProps) {
	const t = useWords();
	const { cameraHeight, cameraRate } = preferences;
	const setFormat = (height: Preferences['cameraHeight'], rate: Preferences['cameraRate']) => {
		onPreferences({ cameraHeight: height, cameraRate: rate });
		void devices.setCameraFormat(height, rate);
	};
	return (
		<Dialog open={open} title={t('settings.title')} onClose={onClose}>
			<section className="settings-section" aria-label={t('settings.devices')}>
				<h3>{t('settings.devices')}</h3>
				<DevicePicks devices={devices} preferences={preferences} onPreferences={onPreferences} />
			</section>
			<section className="settings-section" aria-label={t('settings.picture')}>
				<h3>{t('settings.picture')}</h3>
				<div className="settings-pair">
					<Select
						label={t('settings.size')}
						options={CAMERA_HEIGHTS.map((height) => ({ value: String(height), label: `${Math.round((height * 16) / 9)} × ${height}` }))}
						value={String(cameraHeight)}
						onPick={(value) => setFormat(CAMERA_HEIGHTS.find((height) => String(height) === value) ?? cameraHeight, cameraRate)}
					/>
					<Select
						label={t('settings.rate')}
						options={CAMERA_RATES.map((rate) => ({ value: String(rate), label: t('settings.perSecond', { rate }) }))}
						value={String(cameraRate)}
						onPick={(value) => setFormat(cameraHeight, CAMERA_RATES.find((rate) => String(rate) === value) ?? cameraRate)}
					/>
				</div>
				<p className="hint quiet">{t('settings.pictureHint')}</p>
			</section>
			<section className="settings-section" aria-label={t('settings.appearance')}>
				<h3>{t('settings.appearance')}</h3>
				<div className="settings-pair">
					<Select
						label={t('settings.colours')}
						options={THEMES.map((theme) => ({ value: theme, label: t(`settings.${theme}`) }))}
						value={preferences.theme}
						onPick={(value) => onPreferences({ theme: THEMES.find((theme) => theme === value) ?? 'dark' })}
					/>
					<Select
						label={t('settings.language')}
						options={[{ value: '', label: t('settings.languageAuto') }, ...LANGUAGES.map((language) => ({ value: language, label: LANGUAGE_NAMES[language] }))]}
						value={preferences.language}
						onPick={(language) => onPreferences({ language })}
					/>
				</div>
			</section>
			<section className="settings-section settings-keys" aria-label={t('settings.keyboard')}>
				<h3>{t('settings.keyboard')}</h3>
				<dl>
					{SHORTCUTS.map(({ command, keys }) => (
						<div key={command}>
							<dt>{t(`keys.${command}`)}</dt>
							<dd>
								<kbd>{keysInWords(t, keys)}</kbd>
							</dd>
						</div>
					))}
				</dl>
			</section>
		</Dialog>
	);
}
