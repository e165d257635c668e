namespace Aspire.Hosting.ApplicationModel;

/// <summary>Where a Tidings server keeps what its nodes share.</summary>
internal enum SharedKind
{
    Redis,
    PostgreSql,
}

/// <summary>A server that a Tidings server refers to.</summary>
internal sealed record SharedAnnotation(SharedKind Kind, IResourceWithConnectionString Source) : IResourceAnnotation;
