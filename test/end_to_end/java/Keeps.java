// SPDX-License-Identifier: Apache-2.0
//
// A Java program that keeps what it makes, or only the latest of it, or, once it has read a line, so
// many objects and no more; "ready" when it runs. Its words: keeps | forgets | fixed, and after how
// many milliseconds it ends by itself.

import java.util.HashMap;
import java.util.Map;

public class Keeps {
  static final class Session {
    final byte[] data = new byte[4000];
  }

  static final Map<Integer, Session> SESSIONS = new HashMap<>();
  static volatile byte[] passing;

  public static void main(String[] arguments) throws Exception {
    final boolean keeps = arguments[0].equals("keeps");
    if (arguments[0].equals("fixed")) {
      System.out.println("ready to begin");
      System.in.read();
      // HotSpot gives a thread another interval only after its next sample by the one before, half
      // a megabyte on average.
      for (int i = 0; i < 8000; ++i) passing = new byte[4000];
      passing = null;
      for (int i = 0; i < 2000; ++i) SESSIONS.put(i, new Session());
    }
    final long end = System.nanoTime() + Long.parseLong(arguments[1]) * 1_000_000;
    System.out.println("ready Keeps");
    if (arguments[0].equals("fixed")) Thread.sleep((end - System.nanoTime()) / 1_000_000);
    for (int i = 0; System.nanoTime() < end; ++i) {
      SESSIONS.put(keeps ? i : i % 100, new Session());
      Thread.sleep(5);
    }
  }
}
