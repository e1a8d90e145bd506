// @vitest-environment node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { actionWords } from './audit_words';

/** The ids of the operations that act, out of the API's description. */
function acting(): readonly string[] {
	const file = readFileSync(join(import.meta.dirname, '../../../api/openapi.yaml'), 'utf8');
	const found = [...file.matchAll(/^ {4}(?:post|patch|delete):\n {6}operationId: (\w+)$/gm)].map(([, id]) => id ?? '');
	return found.filter((id) => id !== 'tryConnection'); // it changes nothing, and is not in the log
}

describe('what was done, in words', () => {
	it('knows every operation of the API that acts', () => {
		expect(acting().length).toBeGreaterThan(30);
		const spelled = (id: string) => id.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().replace(/^./u, (first) => first.toUpperCase());
		expect(acting().filter((id) => id !== 'derive' && actionWords(id) === spelled(id))).toEqual([]);
	});
});
