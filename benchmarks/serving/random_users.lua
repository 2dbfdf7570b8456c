-- Each request is for another user, at random.
local users = tonumber(os.getenv("USERS"))

function init()
  math.randomseed(os.time())
end

function request()
  return wrk.format("GET", "/v1/users/u" .. math.random(users) .. "/recommendations")
end
