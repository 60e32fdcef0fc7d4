import { reservePort } from './ports.mjs';
import { PORTS } from './start-options.mjs';

/**
 * One port for each part of `PORTS` but `absent`: from `portBase` on exactly, else the usual ones or, where they are taken, the next free.
 *
 * @returns {Promise<{ ports: Record<keyof typeof PORTS, number>, release: () => void }>}
 */
export async function reserveDemoPorts({ portBase, absent, say }) {
  const ports = {};
  const releases = [];
  const release = () => releases.forEach((each) => each());
  try {
    for (const [offset, [part, { title, port: usual }]] of Object.entries(PORTS).entries()) {
      if (absent.includes(part)) continue;
      const exact = portBase !== null;
      const reserved = await reservePort(exact ? portBase + offset : usual, { exact });
      releases.push(reserved.release);
      ports[part] = reserved.port;
      if (!exact && reserved.port !== usual) say(`  Port ${usual} is taken. ${title}: port ${reserved.port} instead.`);
    }
  } catch (error) {
    release();
    throw error;
  }
  return { ports, release };
}
