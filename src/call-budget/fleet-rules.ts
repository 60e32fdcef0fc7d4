import { OPERATIONS } from '../contract/values.ts';
import { HINT_WINDOWS, LONGEST_BACKOFF_MS, LONGEST_COOL_DOWN_MS, READS, SUBMITS } from './rules.ts';

/** A question that took so long is not answered any more. */
export const LATE_MS = 1_000;
/** A worker that has not beaten for so long is absent: it may send its share by itself, which is kept for it. */
export const ABSENT_MS = 5_000;
/** For so long. */
export const LONGEST_ALONE_MS = 3_600_000;

/** As Lua has it. */
function list(operations: readonly string[]): string {
  return `{${operations.map((operation) => `'${operation}'`).join(', ')}}`;
}

/**
 * The rules of permit-log.ts in Lua, for fleet-script.ts: who may send now, and what an answer means. Numbers pass as
 * text, because Redis cuts them to integers.
 */
export const FLEET_RULES = `
local LONGEST_BACKOFF, LONGEST_COOL_DOWN = ${LONGEST_BACKOFF_MS}, ${LONGEST_COOL_DOWN_MS}
local HINT_WINDOWS = ${HINT_WINDOWS}
local LATE, ABSENT, ALONE = ${LATE_MS}, ${ABSENT_MS}, ${LONGEST_ALONE_MS}

local OPERATIONS = ${list(OPERATIONS)}
local SUBMITS, READS = ${list(SUBMITS)}, ${list(READS)}
local OPERATION_OF = {token = 'token', poll = 'status', interactive = 'submit', bulk = 'submit'}
local LOG = {}
for i, operation in ipairs(OPERATIONS) do LOG[operation] = KEYS[i] end
local stateKey, membersKey, asideKey = unpack(KEYS, #OPERATIONS + 1)

local command, sentAt, me, seen = ARGV[1], tonumber(ARGV[3]), ARGV[11], tonumber(ARGV[12])
local limit, window, longest = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local outageAfter, probeMs, backoffMs = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local fleetSize = tonumber(ARGV[10])
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + time[2] / 1000
end
-- After that nothing of a worker that is gone is in the window. It counts from a beat that may have been heard later.
local forgotten = ABSENT + 2 * LATE + ALONE + 2 * (window + longest)

-- 17 digits are exact.
local function text(number) return string.format('%.17g', number) end

local state = {}
local function readState()
  state = {}
  local flat = redis.call('HGETALL', stateKey)
  for i = 1, #flat, 2 do state[flat[i]] = tonumber(flat[i + 1]) or 'spoilt' end
end
local function get(field, default) return state[field] or default end
local function set(field, value)
  if state[field] == value then return end
  state[field] = value
  if value == nil then redis.call('HDEL', stateKey, field) else redis.call('HSET', stateKey, field, text(value)) end
end
local function keep(...)
  for _, key in ipairs({...}) do redis.call('PEXPIRE', key, math.ceil(forgotten + LONGEST_COOL_DOWN)) end
end

-- The log is not complete. After a restart it may lack what a worker has seen or sent that has not beaten since. One that had
-- not beaten for long before sent by its share at most, which is kept.
local function quietMs()
  local restartedAt, livedAt, till = get('restartedAt', -math.huge), get('livedAt', 0), get('quietUntil', 0)
  local lastOfThem = restartedAt + window + longest
  local lived = {text(livedAt - ABSENT - LATE), '(' .. text(restartedAt)}
  if now < lastOfThem and redis.call('ZCOUNT', membersKey, unpack(lived)) > 0 then till = math.max(till, lastOfThem) end
  return math.max(0, till - now)
end

-- Whether Redis was started, or another one took its place, since the last beat. INFO is refused to users who have no
-- dangerous commands: to them the place of a table in memory tells, which is another one after each start.
local function noteRun()
  local function number(hex) return tonumber(string.sub(hex, 1, 5), 16) end
  local info = redis.pcall('INFO', 'server')
  local id = type(info) == 'string' and string.match(info, 'run_id:(%x+)')
  local run, place = id and number(id) or nil, number(redis.sha1hex(tostring(redis)))
  local isRestarted
  if run then isRestarted = get('run', run) ~= run else isRestarted = get('place', place) ~= place end
  -- A restart that the place has told is not told once more by the run.
  if run or isRestarted then set('run', run) end
  set('place', place)
  if isRestarted then
    -- Whom the restart before this one made it wait for, may still be missing.
    if quietMs() > 0 then set('quietUntil', now + quietMs()) end
    set('restartedAt', now)
    set('livedAt', tonumber(redis.call('ZRANGE', membersKey, -1, -1, 'WITHSCORES')[2]))
  end
  return isRestarted
end

local function answer(...) return {'ok', text(quietMs()), text(get('seq', 0)), text(now), ...} end

local function settle()
  for _, key in pairs(LOG) do redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now - window)) end
end
local function countAfter(operation, start)
  return redis.call('ZCOUNT', LOG[operation], '(' .. text(start), '+inf')
end
-- Of those on their way, the first. By its place in the whole log, since Redis walks to a place in a range of scores.
local function timeAfter(operation, start, rank)
  local arrived = redis.call('ZCOUNT', LOG[operation], '(' .. text(start), text(now))
  local first = redis.call('ZCARD', LOG[operation]) - countAfter(operation, start)
  local place = first + math.min(rank, arrived)
  return tonumber(redis.call('ZRANGE', LOG[operation], place, place, 'WITHSCORES')[2]) or math.huge
end

-- How many workers lived when Redis lost a part of what it knew.
local function knownBefore()
  return now < get('knownFrom', -math.huge) + forgotten and get('known', 0) or 0
end

-- Of workers that may send by themselves the shares are kept, as far as the fleet can have so many.
local function countedHere()
  local here = redis.call('ZCOUNT', membersKey, text(now - ABSENT), '+inf')
    - redis.call('ZCOUNT', asideKey, '(' .. text(now), '+inf')
  local others = math.max(redis.call('ZCARD', membersKey), knownBefore()) - here
  return limit - math.min(others, math.max(0, fleetSize - here)) * math.floor(limit / fleetSize)
end

local function limitsOf(class)
  local all = countedHere()
  local tenth, third = math.floor(all / 10), all < 10 and 0 or math.floor(all / 3)
  local limits = {{OPERATIONS, all, window}}
  if class == 'bulk' then table.insert(limits, {OPERATIONS, all - tenth, window}) end
  if class == 'poll' or class == 'token' then table.insert(limits, {READS, all - tenth, window})
  elseif now < get('readsWantUntil', -math.huge) then
    table.insert(limits, {SUBMITS, all - third, window, get('readsWantUntil') - now})
  end
  return limits
end

local function limitOfProvider(operation)
  if now >= get('until:' .. operation, -math.huge) then return nil end
  local longestReset = get('longestReset:' .. operation, 0)
  local isSeen = now >= get('watchedFrom:' .. operation, 0) + window and longestReset > 0
  local theirs = get('window:' .. operation) or (isSeen and longestReset or window)
  local calls = math.max(1, math.floor(get('calls:' .. operation) / math.max(1, math.ceil(theirs / window))))
  if theirs >= window and calls >= limit then return nil end
  return {{operation}, calls, math.min(theirs, window)}
end

local function waitInLog(operations, allowed, windowMs, calls)
  local start, used = now - windowMs, 0
  for _, operation in ipairs(operations) do used = used + countAfter(operation, start) end
  local tooMany, time = used + calls - allowed, math.huge
  if tooMany <= 0 then return 0 end
  local rank = math.ceil(tooMany / #operations) - 1
  for _, operation in ipairs(operations) do time = math.min(time, timeAfter(operation, start, rank)) end
  return time == math.huge and windowMs or time - start
end

local function waitForTurn(operations, allowed, windowMs, calls)
  local spacedFrom, sent = get('spacedFrom', get('isSpaced') and math.huge or -math.huge), 0
  if now >= spacedFrom + window then return 0 end
  for _, operation in ipairs(operations) do sent = sent + get('spaced:' .. operation, 0) end
  local from = math.min(spacedFrom, now)
  return math.max(0, from + ((sent + calls - 1) * windowMs) / math.max(1, allowed) - now)
end

local function waitFor(limits, calls)
  local wait = 0
  for _, one in ipairs(limits) do
    local needed = math.max(waitInLog(one[1], one[2], one[3], calls), waitForTurn(one[1], one[2], one[3], calls))
    wait = math.max(wait, math.min(needed, one[4] or math.huge))
  end
  return wait
end

local function waitForProvider(operation, calls)
  local leftUntil = get('leftUntil:' .. operation, -math.huge)
  local wait = (now < leftUntil and calls > get('left:' .. operation)) and leftUntil - now or 0
  return math.max(wait, waitFor({limitOfProvider(operation)}, calls))
end

-- Every third probe is a submit's turn, the others are a read's; after a token that was answered a submit's too.
local function probesLater(operation)
  if operation == 'token' then return 0 end
  local isSubmitsTurn = get('failedProbes', 0) % 3 == 2
  if operation == 'submit' then return (isSubmitsTurn or get('tokenAnswered')) and 0 or probeMs end
  return isSubmitsTurn and probeMs or 0
end

local function closed(calls, later)
  local closedUntil, probeAt = get('closedUntil', -math.huge), get('probeAt')
  local lease = get('probeLeaseUntil', -math.huge) - now
  if now < closedUntil then return closedUntil - now, 'cool_down' end
  if not probeAt then return nil end
  if lease > 0 then return math.min(lease, probeMs), 'outage' end
  if now < probeAt + later then return probeAt + later - now, 'outage' end
  if calls > 1 then return probeMs, 'outage' end
end

local function room(class, operation, calls, later, byShare)
  local wait, closedBy = closed(calls, later)
  if closedBy then return wait, closedBy, false end
  -- It counts its share by itself.
  if byShare and (tonumber(redis.call('ZSCORE', asideKey, me) or 0)) > now then return 0, nil, false end
  if quietMs() > 0 then return quietMs(), 'budget', false end
  settle()
  local ours = waitFor(limitsOf(class), calls)
  wait = math.max(ours, waitForProvider(operation, calls))
  return wait, wait > 0 and 'budget' or nil, ours > 0
end

local function backoff(base, times) return math.min(LONGEST_BACKOFF, base * 2 ^ times) end

local function space()
  set('isSpaced', 1)
  set('spacedFrom', nil)
  for _, operation in ipairs(OPERATIONS) do set('spaced:' .. operation, nil) end
end

local function arrive(operation, id)
  local at = redis.call('ZSCORE', LOG[operation], id)
  if at and tonumber(at) > now then redis.call('ZADD', LOG[operation], text(now), id) end
end

local function giveBack(operation, id)
  local at = redis.call('ZSCORE', LOG[operation], id)
  if at and tonumber(at) > now then redis.call('ZREM', LOG[operation], id) end
end

local function coolDown(retryAfter, random)
  -- A burst of refusals is one: only a refusal after the wait makes the next one longer.
  if not retryAfter and now < get('closedUntil', -math.huge) then return end
  local wait = retryAfter
  if not wait then
    wait = backoff(backoffMs, get('refusals', 0)) * (0.5 + random / 2)
    set('refusals', get('refusals', 0) + 1)
  end
  set('closedUntil', math.max(get('closedUntil', -math.huge), now + math.min(wait, LONGEST_COOL_DOWN)))
  space()
end

local function noteAnswer(operation, probe)
  local isDown = get('probeAt') ~= nil
  if operation == 'token' and isDown then
    -- It was sent before the outage.
    if not probe then return end
    -- Tokens may come from another server. The next probe is due.
    set('tokenAnswered', 1)
    set('probeAt', now)
    set('probeLeaseUntil', nil)
    return
  end
  local isHalfOpen = operation ~= 'submit' and (get('isHalfOpen') ~= nil or isDown)
  set('isHalfOpen', isHalfOpen and 1 or nil)
  set('failures', isHalfOpen and outageAfter - 1 or nil)
  if isDown then space() end
  set('probeAt', nil)
end

local function noteFailure(probe, outages)
  -- It was sent before the outage that was over since.
  if get('isHalfOpen') and outages < get('outages', 0) then return end
  set('failures', get('failures', 0) + 1)
  if outageAfter == 0 or get('failures') < outageAfter then return end
  if not get('probeAt') then
    set('failedProbes', get('isHalfOpen') and get('failedProbes', 0) + 1 or 0)
    set('outages', get('outages', 0) + 1)
  elseif probe then set('failedProbes', get('failedProbes', 0) + 1)
  else return end
  set('probeAt', now + backoff(probeMs, get('failedProbes')))
  set('tokenAnswered', nil)
  set('probeLeaseUntil', nil)
end

`;
