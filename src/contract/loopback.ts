const IPV4 = /^127(\.\d{1,3}){3}$/;
const IPV6 = /^(::1|(0{1,4}:){7}0{0,3}1)$/;

/** Whether traffic to `hostname` (as in a URL, or as given to `listen`) stays on this machine. */
export function isLoopback(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return address === 'localhost' || IPV4.test(address) || IPV6.test(address);
}
