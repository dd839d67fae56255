-- One reservation: all of it happens, or none. What a replica's clock says comes as an argument.
local known_key, day_key = KEYS[1], KEYS[2]
local hash, fresh, now, key, retry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local amount, ceiling = tonumber(ARGV[6]), tonumber(ARGV[7])
local same_payload, remembered, day_length = tonumber(ARGV[8]), ARGV[9], tonumber(ARGV[10])

if retry then
  local known = redis.call('HMGET', known_key, 'hash', 'id', 'at', 'key')
  if known[1] then
    if known[1] ~= hash then return {'conflict'} end
    local age = tonumber(now) - tonumber(known[3])
    local same = known[4] == key and age >= -tonumber(ARGV[11]) and age <= same_payload
    return {'reserved', known[2], same and known[3] or now}
  end
end

if ceiling >= 0 then
  -- The latest day that was seen: a request that comes late counts on it.
  local day = math.floor(tonumber(now) / day_length)
  local seen = redis.call('HMGET', day_key, 'day', 'sum')
  local sum = 0
  if seen[1] and tonumber(seen[1]) >= day then
    day, sum = tonumber(seen[1]), tonumber(seen[2])
  end
  sum = sum + amount
  if sum > ceiling then return {'ceiling'} end
  redis.call('HSET', day_key, 'day', string.format('%.0f', day), 'sum', string.format('%.0f', sum))
  redis.call('PEXPIRE', day_key, 2 * day_length)
end

if retry then
  redis.call('HSET', known_key, 'hash', hash, 'id', fresh, 'at', now, 'key', key)
  redis.call('PEXPIRE', known_key, remembered)
end
return {'reserved', fresh, now}
