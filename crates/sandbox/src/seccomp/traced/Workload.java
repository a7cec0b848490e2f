// What Java functions do: files, threads, processes, sockets, timers.
import java.io.*; import java.net.*; import java.nio.*; import java.nio.channels.*; import java.nio.file.*; import java.util.concurrent.*;
public class Workload {
    public static void main(String[] arguments) throws Exception {
        Path place = Files.createTempDirectory("traced"), file = place.resolve("file");
        Files.write(file, new byte[10000]); Files.copy(file, place.resolve("copy")); Files.move(place.resolve("copy"), place.resolve("moved"));
        Files.createSymbolicLink(place.resolve("soft"), file); Files.readAttributes(file, "*"); Files.getFileStore(file).getTotalSpace(); Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.fromMillis(1));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) { channel.map(FileChannel.MapMode.READ_WRITE, 0, 100).force(); channel.force(true); channel.lock().release(); channel.truncate(10); channel.read(ByteBuffer.allocate(4), 0); }
        ExecutorService pool = Executors.newFixedThreadPool(4); pool.submit(() -> { Thread.sleep(5); return 1; }).get(); pool.shutdown();
        new ProcessBuilder("true").start().waitFor();
        com.sun.net.httpserver.HttpServer server = com.sun.net.httpserver.HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> { exchange.sendResponseHeaders(200, 0); exchange.close(); }); server.start();
        new URL("http://127.0.0.1:" + server.getAddress().getPort() + "/").openStream().close(); server.stop(0);
        Selector selector = Selector.open(); selector.selectNow(); selector.close(); DatagramSocket datagram = new DatagramSocket(0); datagram.close();
        new java.security.SecureRandom().nextInt(); System.gc(); Runtime.getRuntime().availableProcessors(); NetworkInterface.getNetworkInterfaces();
        for (File entry : place.toFile().listFiles()) entry.delete();
        Files.delete(place); System.out.println("done");
    }
}
