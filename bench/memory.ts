import { readFileSync } from 'node:fs';

/** Of a process, in MiB; NaN where there is no /proc. */
export interface Memory {
  nowMib: number;
  /** The most that it ever was. */
  peakMib: number;
}

export function memoryOf(pid: number): Memory {
  let status = '';
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // Another system than Linux.
  }
  const mib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { nowMib: mib('VmRSS'), peakMib: mib('VmHWM') };
}
