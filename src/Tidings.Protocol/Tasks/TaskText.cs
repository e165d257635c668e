using System.Text;
using System.Text.Unicode;

namespace Tidings.Tasks;

/// <summary>How long the texts may be that a task's worker has for people. A longer one is cut, and never a reason to refuse a report: a worker must not be
/// lost for a long line.</summary>
internal static class TaskText
{
    public const int MostMessageBytes = 4096;
    public const int MostLineBytes = 1024;

    /// <summary>Cuts what a message or an error has beyond its limit.</summary>
    public static string? CutMessage(string? text) => text is null ? null : Cut(text, MostMessageBytes);

    /// <summary>Cuts what a line of a log has beyond its limit.</summary>
    public static string CutLine(string line) => Cut(line, MostLineBytes);

    // A character that does not fit as a whole is left out.
    private static string Cut(string text, int mostBytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= mostBytes)
        {
            return text;
        }

        Utf8.FromUtf16(text, new byte[mostBytes], out var length, out _);
        return text[..length];
    }
}
