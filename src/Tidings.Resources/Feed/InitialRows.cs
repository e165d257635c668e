using Tidings.EntityFrameworkCore.Resources;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.Resources.Feed;

/// <summary>Writes <c>initial</c>: the rows there are, in as many messages as there are pages; all but the last say that there is more.</summary>
internal static class InitialRows
{
    /// <param name="resource">Whose rows.</param>
    /// <param name="page">The rows.</param>
    /// <param name="from">Where events go on.</param>
    /// <param name="seen">What has been seen besides, or null.</param>
    public static byte[] Write(Resource resource, RowPage page, StreamPosition from, string? seen)
    {
        var frame = JsonFrame.Begin("initial");
        frame.Writer.WriteString("resource"u8, resource.Name);
        frame.Writer.WritePropertyName("data"u8);
        frame.Writer.WriteRawValue(page.Rows.Span, skipInputValidation: true);
        frame.Writer.WriteString("key"u8, resource.Key.JsonName);
        frame.Writer.WriteString("epoch"u8, from.Epoch);
        frame.Writer.WriteNumber("offset"u8, from.Offset);
        if (seen is not null)
        {
            frame.Writer.WriteString("snapshot"u8, seen);
        }

        if (!page.IsLast)
        {
            frame.Writer.WriteBoolean("more"u8, true);
        }

        return frame.End();
    }
}
