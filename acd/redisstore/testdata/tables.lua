local NEXT = {available={logout="offline",pause="paused",reserve="reserved",},
  offline={login="available",},
  paused={logout="offline",pause="paused",resume="available",},
  reserved={answer="talking",logout_due="offline",pause_due="paused",release="available",},
  talking={finish="wrapup",logout_due="offline",pause_due="paused",release="available",},
  wrapup={logout="offline",logout_due="offline",pause="paused",pause_due="paused",resume="available",wrapped="available",},
  }
local LATER = {reserved={logout="logout_due",pause="pause_due",},
  talking={logout="logout_due",pause="pause_due",},
  }
