import { readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second here, whatever the kernel's own tick is (proc(5), USER_HZ). */
const MS_PER_TICK = 10;

/** CPU that a process has used so far, in milliseconds; NaN where there is no /proc. */
export function cpuMsOf(pid: number): number {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return NaN;
  }
  // The second field is the name, which may hold blanks and parentheses; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}
