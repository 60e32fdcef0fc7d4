import { BlockList, isIP } from 'node:net';
import type { ConnectionOptions } from '@temporalio/client';
import { isLoopback } from '../contract/loopback.ts';

type Channel = Pick<ConnectionOptions, 'address' | 'channelArgs'>;

/**
 * The options of a connection to Temporal, and what its channel is to do about proxies. gRPC itself heeds `grpc_proxy`,
 * `https_proxy`, `http_proxy` and `no_proxy`, in small letters only, and sends calls to this machine to the proxy too.
 */
export function withProxyRules<O extends Channel>(options: O, env: NodeJS.ProcessEnv = process.env): O & Channel {
  const { address = 'localhost' } = options;
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const isDirect = isLoopback(host) || isExempt(host, `${env['NO_PROXY'] ?? ''},${env['no_proxy'] ?? ''}`);
  return isDirect ? { ...options, channelArgs: { ...options.channelArgs, 'grpc.enable_http_proxy': 0 } } : options;
}

/** Whether a list such as `localhost, .example.com, 10.0.0.0/8` has `host`; `*` has all. */
function isExempt(host: string, list: string): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || isOf(host.toLowerCase(), entry));
}

function isOf(host: string, entry: string): boolean {
  const name = entry.replace(/^([^:]+):\d+$/, '$1').replace(/^\*?\./, '');
  if (host === name || host.endsWith(`.${name}`)) return true;
  const [network = '', length] = name.split('/');
  const [bits, family] = [Number(length), isIP(network)];
  // Number('') is 0, which would be every address.
  if (length === undefined || length === '' || family === 0 || isIP(host) !== family) return false;
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128)) return false;
  const addresses = new BlockList();
  addresses.addSubnet(network, bits, family === 4 ? 'ipv4' : 'ipv6');
  return addresses.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
