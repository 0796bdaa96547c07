-- call_heal: give a call that is neither waiting nor offered its place back, and one
-- that goes through other rings than it should its new place; uses lib_agent, lib_match.
-- KEYS as in lib_agent.
-- ARGV[2] call id   ARGV[3] CallRecord with rings and score as they should be
-- ARGV[4] '1': take them and match anew, else only when those it has are lost   ARGV[5] unique part of the offer's id
-- ARGV[6] print of the definitions that say so, when it is to move though nothing is lost; '' else
-- Returns {1, offer or ''} when something was mended or moved, {0, ''} when all fits or other definitions are in force, {'tables'} when the table of a ring is not stored.
local call, new = ARGV[2], cjson.decode(ARGV[3])
local c = load(CALLS, call)
if not c or c.queue ~= new.queue or c.pbx ~= new.pbx or not in_force(ARGV[6]) then return {0, ''} end
local lost = not c.rings or not stored(c.rings)
local moves = lost or (ARGV[4] == '1' and (c.score ~= new.score or (c.eased or 0) ~= (new.eased or 0) or group(c) ~= group(new) or not alike(c.rings, new.rings)))
if moves and not stored(new.rings) then return {'tables'} end
local rung = #offers_of(c)
local offered = standing(call, c)
if not moves and (offered or ARGV[4] ~= '1') and rung == #offers_of(c) and placed(call, c) then return {0, ''} end
unwait(call, c)
outside(call, c)
if moves then c.rings, c.score, c.group, c.eased, c.since = new.rings, new.score, new.group, new.eased, c.since or now end
local found = seek(call, c, ARGV[5])
if found == '' then stay(call, c) end
return {1, found}
