namespace TestKit;

/// <summary>Texts that end an event, or mean something else to some parser of event streams, where they are not kept apart from it.</summary>
public static class EventBreakers
{
    public static IReadOnlyList<string> Texts { get; } =
    [
        "a\rb", "a\nb", "a\r\nb", "\r\n\r\ndata: injected\r\n\r\n", "\nid: 0\n", "\nevent: x\n", "\nretry: 1\n", "\0", "a\0b", "\u2028", "\u2029", "\u0085", "\uFEFF", "\uFEFFdata: x",
        ":", ": comment", "data:", "", " ", "  two", "\t", "\u001B[31m", "\u202E", "😀", "\uFFFF", "</script>", "\\n", "\\u000a",
    ];
}
