-- What a reservation does, with nothing that anybody reads: the marker is checked, and a key is written.
local stored, epoch = redis.call('HMGET', KEYS[1], 'epoch', 'accepted'), ARGV[1]
if stored[1] then
  local accepted = stored[2] and tonumber(ARGV[3]) - tonumber(stored[2]) <= 3600000
  if epoch ~= '' and stored[1] ~= epoch and not accepted then return {'lost'} end
  epoch = stored[1]
elseif epoch ~= '' then
  return {'lost'}
else
  epoch = ARGV[2]
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'since', ARGV[3])
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', 60000)
return {'ready', epoch}
