-- One reservation: all of it happens, or nothing. Times are those of the endpoint, in milliseconds.
local known_key, day_key, count_key, marker, old_known, old_day = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local hash, fresh, now, key, retry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local amount, limit = tonumber(ARGV[6]), tonumber(ARGV[7])
local same_payload, remembered, day_length = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local skew, max_keys, epoch = tonumber(ARGV[11]), tonumber(ARGV[12]), ARGV[13]
local time, most = tonumber(now), 9007199254740991

-- The marker shows that this is the server whose records the endpoint knows. In a cluster it is checked apart.
local read_old = false
if marker then
  local stored = redis.call('HMGET', marker, 'epoch', 'since', 'accepted')
  if stored[1] then
    local accepted = stored[3] and time - tonumber(stored[3]) <= 3600000
    if epoch ~= '' and stored[1] ~= epoch and not accepted then return {'lost'} end
    epoch, read_old = stored[1], time - tonumber(stored[2]) <= remembered
  elseif epoch ~= '' then
    return {'lost'}
  else
    epoch, read_old = ARGV[14], true
    redis.call('HSET', marker, 'epoch', epoch, 'since', now)
  end
end

-- The key, or the one that version 0.1 recorded without a merchant id.
local known, known_at = {}, known_key
if retry then
  known = redis.call('HMGET', known_key, 'hash', 'id', 'at', 'key')
  if not known[1] and read_old then
    known, known_at = redis.call('HMGET', old_known, 'hash', 'id', 'at', 'key'), old_known
  end
  if known[1] then
    if known[1] ~= hash then return {'conflict'} end
    local age = time - tonumber(known[3])
    if known[4] == key and age >= -skew and age <= same_payload then
      return {'reserved', known[2], known[3], epoch}
    end
  end
end

-- How many keys the caller has, by the hour.
local hour, held, old_hours = math.floor(time / 3600000), 0, {}
if retry and not known[1] then
  local hours = redis.call('HGETALL', count_key)
  for at = 1, #hours, 2 do
    if tonumber(hours[at]) < hour - 24 then
      old_hours[#old_hours + 1] = hours[at]
    else
      held = held + tonumber(hours[at + 1])
    end
  end
  if held >= max_keys then return {'full'} end
end

-- The latest day that was seen: a request that comes late counts on it.
local day, own, before = math.floor(time / day_length), {}, {}
own = redis.call('HMGET', day_key, 'day', 'sum')
if own[1] then day = math.max(day, tonumber(own[1])) end
if read_old then
  before = redis.call('HMGET', old_day, 'day', 'sum')
  if before[1] then day = math.max(day, tonumber(before[1])) end
end
local sum, total = amount, 0
if own[1] and tonumber(own[1]) == day then sum = sum + tonumber(own[2]) end
total = sum
if before[1] and tonumber(before[1]) == day then total = total + tonumber(before[2]) end
if limit >= 0 and total > limit then return {'ceiling'} end
if sum > most then sum = most end

redis.call('HSET', day_key, 'day', string.format('%.0f', day), 'sum', string.format('%.0f', sum))
redis.call('PEXPIRE', day_key, 2 * day_length)
if known[1] then
  redis.call('HSET', known_at, 'at', now, 'key', key)
  return {'reserved', known[2], now, epoch}
end
if retry then
  redis.call('HSET', known_key, 'hash', hash, 'id', fresh, 'at', now, 'key', key)
  redis.call('PEXPIRE', known_key, remembered)
  if #old_hours > 0 then redis.call('HDEL', count_key, unpack(old_hours)) end
  redis.call('HINCRBY', count_key, string.format('%.0f', hour), 1)
  redis.call('PEXPIRE', count_key, 2 * day_length)
end
return {'reserved', fresh, now, epoch}
