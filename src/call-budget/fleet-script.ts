import { defineScript } from '@redis/client';
import { OPERATIONS } from '../contract/values.ts';
import { FLEET_RULES } from './fleet-rules.ts';

/**
 * The rules of permit-log.ts for a fleet, in one script: so each command is atomic, and the clock is Redis's own.
 *
 * KEYS: `log:<operation>` of each of OPERATIONS (zset: permit -> the latest that its call can have arrived), state
 * (hash, all of it numbers; `seq` counts what was written), members (zset: worker -> its last beat), aside (zset: worker
 * -> until when it goes by its share).
 * ARGV: command, now ('' = Redis's TIME), sentAt (Redis's time when it was sent, as far as the worker knows, or ''),
 * limit, windowMs, longestCallMs, outageAfter, probeMs, backoffMs, fleetSize, worker, seq (the last that it has seen),
 * then those of the command.
 * Answer: a word, quietMs, seq, now, then those of the command. The word is 'ok'; 'late', when a question was sent long
 * ago; 'gone', when something that this worker has seen is missing. Numbers as text, because Redis cuts them to integers.
 */
export const FLEET_SCRIPT = defineScript({
  // Of the operations, and three more.
  NUMBER_OF_KEYS: OPERATIONS.length + 3,
  parseCommand(parser, keys: string[], args: string[]) {
    parser.pushKeys(keys);
    parser.push(...args);
  },
  transformReply: (reply: unknown) => reply,
  SCRIPT: `
${FLEET_RULES}
local commands = {}

-- class, operation, permit, byShare ('1': its share has room for it)
function commands.take(class, operation, id, byShare)
  local wait, closedBy, isFull = room(class, operation, 1, probesLater(operation), byShare == '1')
  if isFull and operation ~= 'submit' then set('readsWantUntil', now + window) end
  if closedBy then return answer('refused', text(wait), closedBy) end
  local probe = get('probeAt') ~= nil
  if probe then set('probeLeaseUntil', now + longest) end
  if get('isSpaced') and not get('spacedFrom') then set('spacedFrom', now) end
  if now < get('spacedFrom', -math.huge) + window then set('spaced:' .. operation, get('spaced:' .. operation, 0) + 1)
  else set('isSpaced', nil) set('spacedFrom', nil) end
  if get('left:' .. operation) then set('left:' .. operation, get('left:' .. operation) - 1) end
  redis.call('ZADD', LOG[operation], text(now + longest), id)
  set('seq', get('seq') + 1)
  keep(LOG[operation], stateKey)
  return answer('granted', probe and '1' or '0', text(get('outages', 0)))
end

-- class, calls, byShare ('1')
function commands.peek(class, calls, byShare)
  local wait, closedBy = room(class, OPERATION_OF[class], tonumber(calls), 0, byShare == '1')
  return answer(text(wait), closedBy or '')
end

function commands.closure()
  local wait, closedBy = closed(1, 0)
  if closedBy == 'cool_down' then return answer(text(wait), closedBy, '0') end
  if not get('probeAt') then return answer('0', '', '0') end
  return answer(text(wait or 0), 'outage', (wait or get('tokenAnswered')) and '0' or '1')
end

-- operation, permit
function commands.arrived(operation, id)
  arrive(operation, id)
  return answer()
end

-- operation, permit, probe ('1'), outages, end, retryAfterMs (or ''), random
function commands.ended(operation, id, probe, outages, type, retryAfter, random)
  if type == 'unreachable' or type == 'unsent' then giveBack(operation, id) else arrive(operation, id) end
  if type == 'answered' then
    set('refusals', nil)
    noteAnswer(operation, probe == '1')
  elseif type == 'refused' then
    noteAnswer(operation, probe == '1')
    coolDown(tonumber(retryAfter), tonumber(random))
  elseif type == 'failed' or type == 'unreachable' then
    noteFailure(probe == '1', tonumber(outages))
  elseif probe == '1' then
    -- Says nothing of the provider; the next call may be the probe.
    set('probeLeaseUntil', now)
  end
  keep(stateKey)
  return answer(get('probeAt') and '1' or '0')
end

-- operation, limit, windowMs, remaining, resetMs (each or '')
function commands.heed(operation, calls, windowMs, remaining, reset)
  local limitOf, resetMs = tonumber(calls), tonumber(reset)
  if limitOf then
    if now >= get('until:' .. operation, -math.huge) then
      set('watchedFrom:' .. operation, now)
      set('longestReset:' .. operation, nil)
    end
    set('calls:' .. operation, math.max(1, limitOf))
    set('window:' .. operation, tonumber(windowMs))
    set('until:' .. operation, now + HINT_WINDOWS * window)
  end
  if resetMs then
    set('longestReset:' .. operation, math.max(get('longestReset:' .. operation, 0), resetMs))
    if tonumber(remaining) then
      set('left:' .. operation, math.max(0, tonumber(remaining) - countAfter(operation, now)))
      set('leftUntil:' .. operation, now + math.min(resetMs, LONGEST_COOL_DOWN))
    end
  end
  keep(stateKey)
  return answer()
end

function commands.state()
  settle()
  local used = 0
  for _, key in pairs(LOG) do used = used + redis.call('ZCARD', key) end
  local wait, closedBy = room('interactive', 'submit', 1, 0, false)
  local theirs = limitOfProvider('submit')
  local lowered = theirs and math.floor(theirs[2] * window / theirs[3]) or limit
  return answer(text(used), text(wait), closedBy or '', text((room('bulk', 'submit', 1, 0, false))),
    text(get('failures', 0)), text(limit - countedHere()), lowered < limit and text(lowered) or '')
end

-- Whether somebody else wrote under our keys; then nothing there can be believed.
local function isSpoilt()
  local types = {[stateKey] = 'hash', [membersKey] = 'zset', [asideKey] = 'zset'}
  for _, key in pairs(LOG) do types[key] = 'zset' end
  for key, expected in pairs(types) do
    local found = redis.call('TYPE', key).ok
    if found ~= 'none' and found ~= expected then return true end
  end
  readState()
  local latest = now + window * HINT_WINDOWS + longest + LONGEST_COOL_DOWN
  for _, value in pairs(state) do
    if value == 'spoilt' or value ~= value or value > latest then return true end
  end
  return false
end

-- A worker says that it lives. aside ('1': it may send its share by itself, and has not told of all its calls),
-- closedMs (for so long the provider asked it to wait, which it could not tell), known (how many lived at its last beat)
function commands.beat(aside, closedMs, known)
  local isEmpty, isOlder, isRestarted = not state.seq, get('seq', 0) < seen, noteRun()
  -- A log that begins now, or was loaded, is complete when nobody comes who has seen more.
  if isOlder then set('quietUntil', now + window + longest)
  elseif (isEmpty or isRestarted) and fleetSize > 1 then
    set('quietUntil', math.max(get('quietUntil', 0), now + ABSENT))
  end
  -- Of the workers too some may be missing, which do not reach this Redis, and send their shares.
  if isOlder or isEmpty or isRestarted then
    set('known', math.max(knownBefore(), tonumber(known)))
    set('knownFrom', now)
  end
  -- Beats do not count: they would make up for calls that Redis lost, before one comes who has seen them.
  set('seq', math.max(get('seq', 0), seen) + (aside == '1' and 1 or 0))
  redis.call('ZADD', membersKey, text(now), me)
  redis.call('ZREMRANGEBYSCORE', membersKey, '-inf', text(now - forgotten))
  redis.call('ZREMRANGEBYSCORE', membersKey, '(' .. text(now + LATE), '+inf')
  if aside == '1' or (isOlder and fleetSize == 1) then redis.call('ZADD', asideKey, text(now + window + longest), me) end
  redis.call('ZREMRANGEBYSCORE', asideKey, '-inf', text(now))
  if tonumber(closedMs) > 0 then coolDown(tonumber(closedMs), 0) end
  settle()
  for _, key in pairs(LOG) do
    redis.call('ZREMRANGEBYSCORE', key, '(' .. text(now + longest + LONGEST_COOL_DOWN), '+inf')
  end
  keep(unpack(KEYS))
  local asideMs = math.max(0, (tonumber(redis.call('ZSCORE', asideKey, me) or 0)) - now)
  return answer(text(redis.call('ZCOUNT', membersKey, text(now - ABSENT), '+inf')), text(asideMs))
end

-- This worker stops, and will make no more calls.
function commands.leave()
  redis.call('ZREM', membersKey, me)
  redis.call('ZREM', asideKey, me)
  if get('known') then set('known', get('known') - 1) end
  return answer()
end

-- Who asked has gone on without the answer. What it told is true all the same.
local isQuestion = command == 'take' or command == 'peek' or command == 'beat'
if isQuestion and sentAt and now - sentAt > LATE then return {'late', '0', '0', text(now)} end
if command == 'beat' and isSpoilt() then redis.call('DEL', unpack(KEYS)) end
readState()
if command ~= 'beat' and not (state.seq and get('seq', 0) >= seen and redis.call('ZSCORE', membersKey, me)) then
  return {'gone', '0', '0', text(now)}
end
return commands[command](unpack(ARGV, 13))
`,
});
