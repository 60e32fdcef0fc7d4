/**
 * The rules of permit-log.ts for a fleet, in one script: so each command is atomic, and the clock is Redis's own.
 *
 * KEYS: log (zset: permit -> the latest that its call can have arrived), state (hash: cool-down, outage, `quietUntil`,
 * `alone`, and `seq`, which counts what was written), workers (zset: worker -> its last beat), fleet (hash:
 * `grant:<worker>`, `most:<minute>`).
 * ARGV: operation, now ('' = Redis's TIME), limit, windowMs, longestCallMs, outageAfter, probeMs, backoffMs, worker,
 * seq (the last that this worker has seen), then those of the operation.
 * Answer: 'gone', when this worker is not known (any more); else 'ok', quietMs, seq, and those of the operation. Times
 * are answered as milliseconds from now; numbers as text, because Redis cuts them to integers.
 */
export const REDIS_SCRIPT = `
local LONGEST_BACKOFF, LONGEST_COOL_DOWN, REOPENING, HINT_WINDOWS = 60000, 3600000, 1000, 2
-- A worker lives if it beat so lately; it counts for the shares, and is remembered, for so long.
local LIVE, REMEMBERED, MINUTES = 10000, 600000, 10

local logKey, stateKey, workersKey, fleetKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local operation, me, seen = ARGV[1], ARGV[9], tonumber(ARGV[10])
local limit, window, longest = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local outageAfter, probeMs, backoffMs = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + time[2] / 1000
end
local ttl = math.ceil(window + longest + LONGEST_COOL_DOWN)

-- 17 digits are exact.
local function text(number) return string.format('%.17g', number) end

local state = {}
local function readState()
  state = {}
  local flat = redis.call('HGETALL', stateKey)
  for i = 1, #flat, 2 do state[flat[i]] = flat[i + 1] end
end
local function get(field, default) return tonumber(state[field]) or default end
local function set(field, value)
  state[field] = type(value) == 'number' and text(value) or value
  if value == nil then redis.call('HDEL', stateKey, field) else redis.call('HSET', stateKey, field, state[field]) end
end
local function keep(...)
  for _, key in ipairs({...}) do redis.call('PEXPIRE', key, ttl) end
end

local function quietMs() return math.max(0, get('quietUntil', 0) - now) end
local function answer(...) return {'ok', text(quietMs()), text(get('seq', 0)), ...} end

local function forget() redis.call('ZREMRANGEBYSCORE', logKey, '-inf', text(now - window)) end
local function insert(id, at) redis.call('ZADD', logKey, text(at), id) end
local function loweredLimit()
  return now < get('loweredUntil', -math.huge) and math.min(limit, get('lowered', math.huge)) or limit
end
local function backoff(base, times) return math.min(LONGEST_BACKOFF, base * 2 ^ times) end
local function reopenAt(at)
  set('reopenedAt', at)
  set('sinceReopening', 0)
end

local function closed()
  local closedUntil, probeAt = get('closedUntil', -math.huge), get('probeAt')
  local lease, reopenedAt = get('probeLeaseUntil', -math.huge) - now, get('reopenedAt', -math.huge)
  if now < closedUntil then return math.min(closedUntil - now, LONGEST_COOL_DOWN), 'cool_down' end
  if probeAt and now < probeAt then return probeAt - now, 'outage' end
  -- Its answer is expected sooner.
  if probeAt and lease > 0 then return math.min(lease, probeMs), 'outage' end
  if now < reopenedAt + REOPENING then
    local turn = reopenedAt + (get('sinceReopening', 0) * REOPENING) / limit
    if now < turn then return turn - now, 'cool_down' end
  end
  return 0, nil
end

local function room(class, calls, byShare)
  local wait, closedBy = closed()
  if closedBy then return wait, closedBy end
  -- The log is not complete: each worker keeps to its own share.
  if quietMs() > 0 then
    if byShare then return 0, nil end
    return quietMs(), 'quiet'
  end
  -- That worker counts on being alone, should Redis be lost, and learns better at its next beat.
  if state.alone and state.alone ~= me then return 1000, 'budget' end
  forget()
  local lowered = loweredLimit()
  local allowed = lowered - (class == 'bulk' and math.floor(lowered / 10) or 0)
  local tooMany = redis.call('ZCARD', logKey) + calls - allowed
  if tooMany <= 0 then return 0, nil end
  local leaves = redis.call('ZRANGE', logKey, tooMany - 1, tooMany - 1, 'WITHSCORES')
  -- More than the budget ever has at once.
  if not leaves[2] then return window, 'budget' end
  return leaves[2] + window - now, 'budget'
end

local function arrived(id)
  local at = redis.call('ZSCORE', logKey, id)
  if at and tonumber(at) > now then insert(id, now) end
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
  reopenAt(get('closedUntil'))
end

local function noteOutage(probe)
  if outageAfter == 0 or get('failures') < outageAfter then return end
  if not get('probeAt') then set('failedProbes', 0)
  elseif probe then set('failedProbes', get('failedProbes', 0) + 1)
  else return end
  set('probeAt', now + backoff(probeMs, get('failedProbes')))
  set('probeLeaseUntil', nil)
end

-- Not when the keys are gone, or come from before what this worker has seen: then calls are missing in the log.
local function isKnown() return state.seq and get('seq', 0) >= seen and redis.call('ZSCORE', workersKey, me) end

local operations = {}

-- class, permit, byShare ('1')
function operations.take(class, id, byShare)
  local wait, closedBy = room(class, 1, byShare == '1')
  if closedBy then return answer('refused', text(wait), closedBy) end
  local probe = get('probeAt') ~= nil
  if probe then set('probeLeaseUntil', now + longest) end
  if now < get('reopenedAt', -math.huge) + REOPENING then set('sinceReopening', get('sinceReopening', 0) + 1) end
  insert(id, now + longest)
  set('seq', get('seq') + 1)
  keep(logKey, stateKey)
  return answer('granted', probe and '1' or '0')
end

-- class, calls, byShare ('1')
function operations.peek(class, calls, byShare)
  local wait, closedBy = room(class, tonumber(calls), byShare == '1')
  return answer(text(wait), closedBy or '')
end

-- permit
function operations.arrived(id)
  arrived(id)
  return answer()
end

-- permit, probe ('1'), end, retryAfterMs (or ''), random
function operations.ended(id, isProbe, type, retryAfter, random)
  local probe = isProbe == '1'
  if type == 'unreachable' or type == 'unsent' then redis.call('ZREM', logKey, id) else arrived(id) end
  if type == 'answered' then
    if get('failures', 0) ~= 0 then set('failures', 0) end
    if get('refusals', 0) ~= 0 then set('refusals', 0) end
    if get('probeAt') then
      reopenAt(now)
      set('probeAt', nil)
    end
  elseif type == 'refused' then
    set('failures', 0)
    set('probeAt', nil)
    coolDown(tonumber(retryAfter), tonumber(random))
  elseif type == 'failed' or type == 'unreachable' then
    set('failures', get('failures', 0) + 1)
    noteOutage(probe)
  elseif probe then
    -- Says nothing of the provider; the next call may be the probe.
    set('probeLeaseUntil', now)
  end
  keep(stateKey)
  return answer()
end

-- limit, remaining, resetMs (each or '')
function operations.heed(hint, remaining, reset)
  if hint ~= '' then
    set('lowered', math.max(1, tonumber(hint)))
    set('loweredUntil', now + HINT_WINDOWS * window)
  end
  if remaining ~= '' and reset ~= '' then
    forget()
    -- Calls that somebody else made with our credentials: they leave when the provider says so.
    local others = loweredLimit() - redis.call('ZCARD', logKey) - tonumber(remaining)
    local leave = now + math.min(tonumber(reset), LONGEST_COOL_DOWN)
    if others > 0 then set('seq', get('seq') + 1) end
    for n = 1, others do insert('other-' .. state.seq .. '-' .. n, leave - window) end
  end
  keep(logKey, stateKey)
  return answer()
end

function operations.state()
  forget()
  local wait, closedBy = room('interactive', 1, false)
  local lowered = loweredLimit()
  return answer(text(redis.call('ZCARD', logKey)), text(wait), closedBy or '', text((room('bulk', 1, false))),
    text(get('failures', 0)), lowered < limit and text(lowered) or '')
end

-- Whether somebody else wrote under our keys; then nothing there can be believed.
local function isSpoilt()
  local types = {[logKey] = 'zset', [stateKey] = 'hash', [workersKey] = 'zset', [fleetKey] = 'hash'}
  for key, expected in pairs(types) do
    local found = redis.call('TYPE', key).ok
    if found ~= 'none' and found ~= expected then return true end
  end
  readState()
  local latest = now + window * HINT_WINDOWS + longest + LONGEST_COOL_DOWN
  for field, value in pairs(state) do
    local number = tonumber(value)
    if field ~= 'alone' and not (number and number <= latest) then return true end
  end
  return false
end

-- Registers this worker, and grants it its share for the time when Redis is lost: all shares that live workers hold,
-- or may hold because an answer did not reach them, are never more than the limit.
-- fleetSize, workers that it knew of, grant that it holds, alone ('1': it counts on that), unseen ('1': it may have
-- made calls that are not in the log)
function operations.beat(fleetSize, known, grant, alone, unseen)
  local gone = not state.seq or (seen > 0 and not isKnown())
  if gone or unseen == '1' then set('quietUntil', now + window + longest) end
  set('seq', math.max(get('seq', 0), seen) + 1)

  redis.call('ZADD', workersKey, text(now), me)
  redis.call('ZREMRANGEBYSCORE', workersKey, '-inf', text(now - REMEMBERED))
  redis.call('ZREMRANGEBYSCORE', workersKey, '(' .. text(now + LIVE), '+inf')
  forget()
  redis.call('ZREMRANGEBYSCORE', logKey, '(' .. text(now + longest + LONGEST_COOL_DOWN), '+inf')

  local live = redis.call('ZRANGEBYSCORE', workersKey, text(now - LIVE), '+inf')
  local granted, isLive, workers = 0, {}, math.max(1, tonumber(fleetSize))
  for _, worker in ipairs(live) do
    isLive[worker] = true
    if worker ~= me then granted = granted + (tonumber(redis.call('HGET', fleetKey, 'grant:' .. worker)) or 0) end
  end
  local minute = math.floor(now / 60000)
  local most = 'most:' .. text(minute)
  local mostNow = math.max(#live, gone and tonumber(known) or 0, tonumber(redis.call('HGET', fleetKey, most)) or 0)
  redis.call('HSET', fleetKey, most, text(mostNow))
  for _, field in ipairs(redis.call('HKEYS', fleetKey)) do
    local when = tonumber(string.match(field, '^most:(.*)$'))
    local worker = string.match(field, '^grant:(.*)$')
    if when and when >= minute - MINUTES then
      workers = math.max(workers, tonumber(redis.call('HGET', fleetKey, field)) or 0)
    elseif not worker or not redis.call('ZSCORE', workersKey, worker) then
      redis.call('HDEL', fleetKey, field)
    end
  end

  local offer = math.max(0, math.min(math.floor(limit / workers), math.floor(limit - granted)))
  redis.call('HSET', fleetKey, 'grant:' .. me, text(math.max(offer, tonumber(grant))))
  local offerAlone = workers == 1
  -- As with grants: it may have missed the answer that it is not alone any more.
  if offerAlone or alone == '1' then
    set('alone', me)
  elseif state.alone == me or not isLive[state.alone] then
    set('alone', nil)
  end

  keep(logKey, stateKey, workersKey, fleetKey)
  local lowered = loweredLimit()
  local entries = redis.call('ZRANGE', logKey, 0, -1, 'WITHSCORES')
  for i = 2, #entries, 2 do entries[i] = text(entries[i] - now) end
  return answer(gone and '1' or '0', text(#live), text(workers), text(offer), offerAlone and '1' or '0',
    text(math.max(0, get('closedUntil', now) - now)), text(get('failures', 0)),
    lowered < limit and text(lowered) or '', entries)
end

-- This worker stops, and will make no more calls.
function operations.leave()
  redis.call('ZREM', workersKey, me)
  return answer()
end

if operation == 'beat' and isSpoilt() then redis.call('DEL', logKey, stateKey, workersKey, fleetKey) end
readState()
if operation ~= 'beat' and not isKnown() then return {'gone'} end
return operations[operation](unpack(ARGV, 11))
`;
