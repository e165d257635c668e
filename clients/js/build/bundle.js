// Writes tidings.js, the one file that a browser loads, from src.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @returns {Promise<string>} */
export async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/index.js'],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    minify: true,
    banner: { js: '// Tidings for browsers and Node. The source is in clients/js/src.' },
    write: false,
  });
  return outputFiles[0].text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(`${root}/tidings.js`, await bundle());
