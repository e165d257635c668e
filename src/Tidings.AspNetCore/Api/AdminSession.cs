namespace Tidings.AspNetCore.Api;

/// <summary>A feature of a request: who asks has shown the admin key before, and this request is known to be his.</summary>
internal sealed class AdminSession;
