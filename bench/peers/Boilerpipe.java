// Boilerpipe as a peer of the benchmark harness. The same lines and clock as peer.py; requests are read with a few string operations, as
// the Java library has no JSON and the harness escapes paths in the plainest way.
import de.l3s.boilerpipe.document.TextDocument;
import de.l3s.boilerpipe.extractors.ArticleExtractor;
import de.l3s.boilerpipe.sax.BoilerpipeSAXInput;
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.xml.sax.InputSource;

public class Boilerpipe {
	private static final OperatingSystemMXBean CLOCK = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
	private static final Pattern PATH = Pattern.compile("\"path\":\"((?:[^\"\\\\]|\\\\.)*)\"");
	private static final Pattern CHARSET = Pattern.compile("<meta[^>]+charset\\s*=\\s*[\"']?([\\w-]+)", Pattern.CASE_INSENSITIVE);

	private static String quote(String text) {
		StringBuilder out = new StringBuilder("\"");
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == '"' || c == '\\')
				out.append('\\').append(c);
			else if (c < 0x20 || Character.isSurrogate(c))
				out.append(String.format("\\u%04x", (int) c));
			else
				out.append(c);
		}
		return out.append('"').toString();
	}

	private static Charset charsetOf(byte[] bytes) {
		Matcher declared = CHARSET.matcher(new String(bytes, 0, Math.min(bytes.length, 2048), StandardCharsets.ISO_8859_1));
		try {
			return declared.find() ? Charset.forName(declared.group(1)) : StandardCharsets.UTF_8;
		} catch (IllegalArgumentException unknown) {
			return StandardCharsets.UTF_8;
		}
	}

	private static String answer(String line) throws Exception {
		Matcher path = PATH.matcher(line);
		if (!path.find())
			throw new IllegalArgumentException("no path");
		String name = path.group(1).replaceAll("\\\\(.)", "$1");
		byte[] bytes = Files.readAllBytes(Path.of(name));
		if (name.endsWith(".gz"))
			bytes = new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes();
		long start = CLOCK.getProcessCpuTime();
		InputSource source = new InputSource(new ByteArrayInputStream(bytes));
		source.setEncoding(charsetOf(bytes).name());
		TextDocument document = new BoilerpipeSAXInput(source).getTextDocument();
		String text = ArticleExtractor.INSTANCE.getText(document);
		double seconds = (CLOCK.getProcessCpuTime() - start) / 1e9;
		String title = document.getTitle();
		return "{\"seconds\":" + seconds + ",\"text\":" + quote(text) + (title == null ? "" : ",\"title\":" + quote(title)) + "}";
	}

	public static void main(String[] arguments) throws Exception {
		PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
		String version = Boilerpipe.class.getClassLoader().getResource("de/l3s/boilerpipe") == null ? "unknown" : "1.2.0, Java " + System.getProperty("java.version");
		out.println("{\"name\":\"boilerpipe\",\"version\":\"" + version + "\"}");
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		for (String line; (line = in.readLine()) != null;) {
			String reply;
			try {
				reply = answer(line);
			} catch (Exception | StackOverflowError error) {
				reply = "{\"error\":" + quote(String.valueOf(error)) + "}";
			}
			out.println(reply);
		}
	}
}
