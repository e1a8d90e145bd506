/**
 * Returns an offer in which lost sound is asked for again like lost pictures
 * (RFC 4585 section 6.2.1). Browsers can, but do not offer it by themselves.
 */
export function withAudioNack(offer: string): string {
	return offer
		.split(/^(?=m=)/m)
		.map((section) => {
			const opus = section.startsWith('m=audio') ? /^a=rtpmap:(\d+) opus\/48000\/2\r?$/im.exec(section)?.[1] : undefined;
			if (opus === undefined || new RegExp(`^a=rtcp-fb:${opus} nack\\r?$`, 'm').test(section)) return section;
			return section.replace(new RegExp(`^a=rtpmap:${opus} .*$`, 'm'), `$&\r\na=rtcp-fb:${opus} nack`);
		})
		.join('');
}
