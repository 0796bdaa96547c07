local NEXT = {available={logout="offline",pause="paused",reserve="reserved",talk="talking",},
  offline={login="available",},
  paused={logout="offline",pause="paused",resume="available",talk="talking",},
  reserved={answer="talking",logout_due="offline",pause_due="paused",release="available",talk="talking",},
  talking={finish="wrapup",logout_due="offline",pause_due="paused",release="available",talk="talking",},
  wrapup={logout="offline",logout_due="offline",pause="paused",pause_due="paused",resume="available",talk="talking",wrapped="available",},
  }
local LATER = {reserved={logout="logout_due",pause="pause_due",},
  talking={logout="logout_due",pause="pause_due",},
  }
