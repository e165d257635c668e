import { readFile } from 'node:fs/promises';

/** @param {string} name of a file in spec/vectors, without its ending */
export async function vectors(name) {
  return JSON.parse(await readFile(new URL(`../../../../spec/vectors/${name}.json`, import.meta.url), 'utf8'));
}
