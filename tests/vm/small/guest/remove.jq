# The config.json without one property, like tests/support/removal.py: jq --argjson tokens '[...]'.
# Each token of the pointer names a key, or elements of an array: by number, `*`, as a string or what
# stands before its `=`, or by any string value of an object.
def names($key; $token):
  $token == "*" or $token == ($key | tostring)
  or (type == "string" and (. == $token or startswith($token + "=")))
  or (type == "object" and any(.[]; . == $token));

def places($tokens):
  if ($tokens | length) == 0 then []
  elif type == "object" then
    (if $tokens[0] == "*" then keys_unsorted[] elif has($tokens[0]) then $tokens[0] else empty end)
    as $key | [$key] + (.[$key] | places($tokens[1:]))
  elif type == "array" then
    range(length) as $key | .[$key] | select(names($key; $tokens[0]))
    | [$key] + places($tokens[1:])
  else empty end;

delpaths([places($tokens)])
