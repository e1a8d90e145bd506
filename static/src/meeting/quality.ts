import type { ClientState } from '../client';
import type { Words } from '../words';

/** How the viewer's connection is, in a sentence. */
export function qualityWords(t: Words, { link, media, quality }: Pick<ClientState, 'link' | 'media' | 'quality'>): string {
	if (link.kind !== 'open') return t('quality.noServer');
	if (media === 'interrupted') return t('quality.interrupted');
	if (media === 'connecting' || quality === 'unknown') return t('quality.connecting');
	return t(`quality.${quality}`);
}
