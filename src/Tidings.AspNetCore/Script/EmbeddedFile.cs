using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Tidings.AspNetCore.Script;

/// <summary>A file inside an assembly, as it goes out: read and compressed once.</summary>
internal sealed class EmbeddedFile
{
    private readonly byte[] _plain;
    private readonly byte[] _compressed;
    private readonly string _contentType;
    private readonly string _tag;

    private EmbeddedFile(string name, byte[] bytes)
    {
        _plain = bytes;
        _compressed = Compress(bytes);
        _contentType = TypeOf(name);
        _tag = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));
    }

    /// <summary>Reads a resource of an assembly.</summary>
    public static EmbeddedFile Read(Assembly assembly, string name) => new(name, ReadBytes(assembly, name));

    /// <summary>A file of a text.</summary>
    /// <param name="name">What it would be called.</param>
    /// <param name="text">The text.</param>
    public static EmbeddedFile OfText(string name, string text) => new(name, Encoding.UTF8.GetBytes(text));

    /// <summary>The same as text.</summary>
    public static string ReadText(Assembly assembly, string name) => Encoding.UTF8.GetString(ReadBytes(assembly, name));

    /// <summary>Answers with the file, or with 304 where the client has it. Clients ask each time, so that they see an update at once.</summary>
    public IResult Serve(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-cache";
        headers.Append("Vary", "Accept-Encoding");
        var compressed = context.Request.GetTypedHeaders().AcceptEncoding.Any(static encoding => encoding.Value == "gzip" && encoding.Quality is not 0);
        if (compressed)
        {
            headers.ContentEncoding = "gzip";
        }

        return TypedResults.Bytes(compressed ? _compressed : _plain, _contentType, entityTag: new EntityTagHeaderValue(compressed ? $"\"{_tag}-gzip\"" : $"\"{_tag}\""));
    }

    private static byte[] ReadBytes(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize))
        {
            gzip.Write(bytes);
        }

        return compressed.ToArray();
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
